// Network addresses as text: which are well formed, and what a range of them holds. There is no `node:net` here.

const MAX_RANGE = 4096;

export function isIpv4(text: string): boolean {
  return ipv4Number(text) !== null;
}

export function isIpv6(text: string): boolean {
  if (!/^[0-9a-fA-F:.]{2,45}$/.test(text)) return false;
  const halves = text.split('::');
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  const last = groups.at(-1) ?? '';
  // ::ffff:192.0.2.1: the last two groups as an IPv4 address.
  const dotted = last.includes('.');
  if (dotted && (!isIpv4(last) || text.endsWith('::'))) return false;
  const plain = dotted ? groups.slice(0, -1) : groups;
  const count = plain.length + (dotted ? 2 : 0);
  if (!plain.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return false;
  return halves.length === 2 ? count <= 7 : count === 8;
}

/** A name, an IPv4 address, or an IPv6 address in brackets. */
export function isHost(host: string): boolean {
  if (host.startsWith('[')) return host.endsWith(']') && isIpv6(host.slice(1, -1));
  if (host.length > 253 || !/^[\p{L}\p{M}\p{N}_.-]+$/u.test(host) || host.startsWith('.')) return false;
  // A name whose last label is a number is an address, or no host at all.
  return /(?:^|\.)\d+\.?$/.test(host) ? isIpv4(host) : true;
}

export function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535;
}

/** One address as itself, `127.0.0.2-127.0.0.9` as all of them; null where it is neither or holds more than 4096. */
export function expandAddresses(text: string): readonly string[] | null {
  const trimmed = text.trim();
  if (isIpv4(trimmed) || isIpv6(trimmed)) return [trimmed];
  const ends = trimmed.split('-');
  const first = ipv4Number(ends[0]?.trim() ?? '');
  const last = ipv4Number(ends[1]?.trim() ?? '');
  if (ends.length !== 2 || first === null || last === null) return null;
  if (last < first || last - first >= MAX_RANGE) return null;
  return Array.from({ length: last - first + 1 }, (_, i) => ipv4Text(first + i));
}

function ipv4Number(text: string): number | null {
  // A leading zero means octal to some parsers and nothing to others.
  const found = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/.exec(text);
  if (found === null) return null;
  const bytes = found.slice(1).map(Number);
  return bytes.every((byte) => byte <= 255) ? bytes.reduce((sum, byte) => sum * 256 + byte, 0) : null;
}

function ipv4Text(number: number): string {
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.');
}
