// Base64 of a text's UTF-8 (RFC 4648 section 4), as HTTP's Basic scheme (RFC 7617) sends `user:password`: to know what
// to hide. Pure code has no Buffer and no TextEncoder.

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

export function base64OfText(text: string): string {
  const bytes = utf8(text);
  let encoded = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const group = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    const left = bytes.length - i;
    encoded += ALPHABET.charAt(group >>> 18) + ALPHABET.charAt((group >>> 12) & 63);
    encoded += left > 1 ? ALPHABET.charAt((group >>> 6) & 63) : '=';
    encoded += left > 2 ? ALPHABET.charAt(group & 63) : '=';
  }
  return encoded;
}

function utf8(text: string): readonly number[] {
  const bytes: number[] = [];
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    // A lone surrogate has no UTF-8; encoders write U+FFFD instead.
    pushUtf8(bytes, code >= 0xd800 && code <= 0xdfff ? 0xfffd : code);
  }
  return bytes;
}

function pushUtf8(bytes: number[], code: number): void {
  if (code < 0x80) bytes.push(code);
  else if (code < 0x800) bytes.push(0xc0 | (code >>> 6), tail(code));
  else if (code < 0x10000) bytes.push(0xe0 | (code >>> 12), tail(code >>> 6), tail(code));
  else bytes.push(0xf0 | (code >>> 18), tail(code >>> 12), tail(code >>> 6), tail(code));
}

function tail(bits: number): number {
  return 0x80 | (bits & 0x3f);
}
