// What a format makes of a result.

export interface ReportFile {
  readonly name: string;
  readonly text: string;
}

/** What rendering needs of the platform. */
export interface ReportTools {
  /** Reads the zlib format (RFC 1950). */
  readonly inflate: (bytes: Uint8Array) => Uint8Array;
}
