// Sizes, and sizes a time. KB, MB and GB are powers of 1000, KiB, MiB and GiB of 1024, as SI and IEC 80000-13 have them; printing is
// decimal, because the numbers beside it (messages, seconds) are decimal too.

import { parseRate } from './rate.ts';

const UNIT_BYTES: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
};

export const BYTES_PATTERN = '^\\s*\\d+(\\.\\d+)?\\s*([bB]|[kKmMgG][iI]?[bB])?\\s*$';

/** Bytes of `100`, `"100"`, `4KB`, `1.5MB` or `16MiB`; null for what is no whole number of bytes. */
export function parseBytes(value: string | number): number | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? value : null;
  if (value.length > 64) return null;
  const found = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(value);
  if (found === null) return null;
  const unitBytes = UNIT_BYTES[(found[2] ?? '').toLowerCase()];
  if (unitBytes === undefined) return null;
  const bytes = Number(found[1]) * unitBytes;
  const whole = Math.round(bytes);
  return Math.abs(bytes - whole) < 1e-6 && Number.isSafeInteger(whole) ? whole : null;
}

/** Per second, of `1MB/s` or `60KiB/min`; null for anything else. */
export function parseByteRate(text: string): number | null {
  const [size = '', time = '', ...rest] = text.split('/');
  const bytes = parseBytes(size);
  const timesPerSecond = parseRate(`1/${time}`);
  return bytes === null || timesPerSecond === null || rest.length > 0 ? null : bytes * timesPerSecond;
}

/** `100 B`, `4.6 KB`, `16.8 MB`. */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes)) return 'n/a';
  if (bytes < 0) return `-${formatBytes(-bytes)}`;
  if (bytes < 999.5) return `${bytes.toFixed(0)} B`;
  if (bytes < 999.5e3) return `${shortDecimal(bytes / 1e3)} KB`;
  if (bytes < 999.5e6) return `${shortDecimal(bytes / 1e6)} MB`;
  return `${shortDecimal(bytes / 1e9)} GB`;
}

function shortDecimal(value: number): string {
  return value < 99.95 ? value.toFixed(1) : value.toFixed(0);
}
