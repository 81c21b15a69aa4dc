// What a monitor read at one tick, as it lies in `monitors.ndjson`: one JSON line for each monitor and tick. A monitor that read
// nothing has a line too, with the reason: what is missing is a fact.

export interface MonitorReading {
  readonly monitor: string;
  /** When it was asked, from the start of the run. */
  readonly atNs: number;
  /** By series. */
  readonly values: Readonly<Record<string, number>>;
  /** Why something is missing; null where nothing is. */
  readonly gap: string | null;
}

/** The name under which the result shows what the workers use; no monitor may have it. */
export const GENERATOR_RESOURCE = 'generator';

/** Of what processes and machines tell: what is in the record and the result, and takes no place in timeline and summary. */
export const DETAIL_SERIES: readonly string[] = [
  'threads',
  'processes',
  'receivedBytesPerSecond',
  'sentBytesPerSecond',
  'loopbackBytesPerSecond',
  'tcpRetransmitsPerSecond',
  'tcpResetsPerSecond',
  'tcpResetsSentPerSecond',
];

/** What one reading holds at most, whatever is answered. */
export const MOST_SERIES = 64;

export function encodeReading(reading: MonitorReading): string {
  return JSON.stringify(reading);
}

/** Null for a torn or foreign line. */
export function decodeReading(line: string): MonitorReading | null {
  try {
    const value: unknown = JSON.parse(line);
    return isReading(value) ? value : null;
  } catch {
    return null;
  }
}

function isReading(value: unknown): value is MonitorReading {
  if (typeof value !== 'object' || value === null) return false;
  const { monitor, atNs, values, gap } = value as Partial<Record<keyof MonitorReading, unknown>>;
  return (
    typeof monitor === 'string' &&
    Number.isFinite(atNs) &&
    typeof values === 'object' &&
    values !== null &&
    !Array.isArray(values) &&
    Object.values(values).every(Number.isFinite) &&
    (gap === null || typeof gap === 'string')
  );
}
