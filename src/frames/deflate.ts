/**
 * permessage-deflate, RFC 7692: what the client offers, whether the server's answer fits, and the sending side. The
 * receiving side is in frame-reader.ts. Compressing itself is passed in (zlib-codec.ts makes it from node's zlib).
 */
import { type ExtensionParameter, parseExtensionList } from './extension-list.ts';
import { createDictionary, dictionaryBytes, remember, type SlidingDictionary } from './sliding-dictionary.ts';

const deflateExtensionName = 'permessage-deflate';

/** Whether each side may refer back to earlier messages; 32 KiB a client and direction is what that costs. */
export interface DeflateSettings {
  readonly clientContextTakeover: boolean;
  readonly serverContextTakeover: boolean;
}

/** What both sides agreed on (RFC 7692 §7.1). */
export interface DeflateParameters {
  readonly serverContextTakeover: boolean;
  readonly serverWindowBits: number;
  readonly sending: DeflateSending;
}

export type DeflateSending =
  | { readonly kind: 'compressed'; readonly contextTakeover: boolean; readonly windowBits: number }
  /** The server wants a window of 2^8 bytes, which zlib cannot do for raw DEFLATE: leaving it out is allowed (§6). */
  | { readonly kind: 'uncompressed' };

export type DeflateAnswer =
  | { readonly kind: 'none' }
  | { readonly kind: 'agreed'; readonly agreement: DeflateParameters }
  | { readonly kind: 'refused'; readonly rule: string };

const largestWindowBits = 15;
const smallestZlibWindowBits = 9;

/**
 * The offer for Sec-WebSocket-Extensions. It always names `client_max_window_bits`, without a value, as browsers do:
 * a server that wants a smaller window from its clients would otherwise decline the whole extension (§7.1.2.2), and
 * the load would be unlike real traffic. The server's window is left to the server: any size can be inflated.
 */
export function deflateOffer(settings: DeflateSettings): string {
  const parts = [deflateExtensionName];
  if (!settings.clientContextTakeover) parts.push('client_no_context_takeover');
  if (!settings.serverContextTakeover) parts.push('server_no_context_takeover');
  parts.push('client_max_window_bits');
  return parts.join('; ');
}

/**
 * Checks the server's Sec-WebSocket-Extensions (null where it sent none) against what `deflateOffer(offered)` said,
 * or against no offer at all. Not answering is always allowed; answering something else is not (RFC 6455 §9.1).
 */
export function readDeflateAnswer(answer: string | null, offered: DeflateSettings | null): DeflateAnswer {
  if (answer === null) return { kind: 'none' };
  const extensions = parseExtensionList(answer);
  if (extensions === null) return refused('RFC 6455 §9.1: Sec-WebSocket-Extensions must follow its grammar');
  const [first, second] = extensions;
  if (first === undefined) return { kind: 'none' };
  // Names are tokens of a registry, and those of HTTP are the same in any case (RFC 9110 §5.6.6).
  if (extensions.some((extension) => extension.name.toLowerCase() !== deflateExtensionName))
    return refused('RFC 6455 §4.1: the server must not use an extension that was not offered');
  if (offered === null) return refused('RFC 6455 §4.1: the server must not use an extension that was not offered');
  if (second !== undefined) return refused('RFC 7692 §5: permessage-deflate must be answered once');
  return readParameters(first.parameters, offered);
}

function readParameters(parameters: readonly ExtensionParameter[], offered: DeflateSettings): DeflateAnswer {
  const values = new Map<string, string | null>();
  for (const { name: givenName, value } of parameters) {
    const name = givenName.toLowerCase();
    if (values.has(name)) return refused(`RFC 7692 §7.1: ${name} must not occur twice`);
    const rule = wrongParameter(name, value);
    if (rule !== null) return refused(rule);
    values.set(name, value);
  }
  const serverDrops = values.has('server_no_context_takeover');
  if (!offered.serverContextTakeover && !serverDrops)
    return refused('RFC 7692 §7.1.1.1: a server that accepts server_no_context_takeover must answer it');

  const clientWindowBits = Number(values.get('client_max_window_bits') ?? largestWindowBits);
  const contextTakeover = offered.clientContextTakeover && !values.has('client_no_context_takeover');
  return {
    kind: 'agreed',
    agreement: {
      serverContextTakeover: !serverDrops,
      serverWindowBits: Number(values.get('server_max_window_bits') ?? largestWindowBits),
      sending:
        clientWindowBits < smallestZlibWindowBits
          ? { kind: 'uncompressed' }
          : { kind: 'compressed', contextTakeover, windowBits: clientWindowBits },
    },
  };
}

/** The agreement in the words of Sec-WebSocket-Extensions, the same for the same whatever the server wrote. */
export function parametersText({ serverContextTakeover, serverWindowBits, sending }: DeflateParameters): string {
  const clientWindowBits = sending.kind === 'uncompressed' ? smallestZlibWindowBits - 1 : sending.windowBits;
  return [
    deflateExtensionName,
    ...(serverContextTakeover ? [] : ['server_no_context_takeover']),
    ...(sending.kind === 'compressed' && !sending.contextTakeover ? ['client_no_context_takeover'] : []),
    ...(serverWindowBits === largestWindowBits ? [] : [`server_max_window_bits=${serverWindowBits}`]),
    ...(clientWindowBits === largestWindowBits ? [] : [`client_max_window_bits=${clientWindowBits}`]),
  ].join('; ');
}

function wrongParameter(name: string, value: string | null): string | null {
  switch (name) {
    case 'server_no_context_takeover':
      return value === null ? null : 'RFC 7692 §7.1.1.1: server_no_context_takeover must not have a value';
    case 'client_no_context_takeover':
      return value === null ? null : 'RFC 7692 §7.1.1.2: client_no_context_takeover must not have a value';
    case 'server_max_window_bits':
      return isWindowBits(value) ? null : 'RFC 7692 §7.1.2.1: server_max_window_bits must be 8 to 15';
    case 'client_max_window_bits':
      return isWindowBits(value) ? null : 'RFC 7692 §7.1.2.2: client_max_window_bits must be 8 to 15 in an answer';
    default:
      return 'RFC 7692 §7.1: an answer must not have a parameter that is not defined';
  }
}

/** A decimal number without leading zeroes. */
function isWindowBits(value: string | null): boolean {
  return value !== null && /^([89]|1[0-5])$/.test(value);
}

function refused(rule: string): DeflateAnswer {
  return { kind: 'refused', rule };
}

/**
 * Deflates one message: raw DEFLATE up to and including the 00 00 ff ff of a sync flush. It refers back into
 * `dictionary` at most, and no further than the agreed window.
 */
export interface Deflate {
  deflate(bytes: Uint8Array, dictionary: Uint8Array | null): Uint8Array;
}

/** An empty stored block without its last four bytes: the empty message (RFC 7692 §7.2.3.6). */
const emptyMessage = Uint8Array.of(0);

const flushTailBytes = 4;

/**
 * The sending side of one connection (RFC 7692 §7.2.1). What it returns goes out as the payload of a frame with RSV1
 * set, and in the order of the calls: with context takeover each message may refer to the ones before.
 */
export class MessageDeflater {
  readonly #deflate: Deflate;
  readonly #dictionary: SlidingDictionary | null;

  /** `deflate` must have been made for the same `windowBits`. */
  constructor(deflate: Deflate, sending: Extract<DeflateSending, { kind: 'compressed' }>) {
    this.#deflate = deflate;
    this.#dictionary = sending.contextTakeover ? createDictionary(sending.windowBits) : null;
  }

  compress(message: Uint8Array): Uint8Array {
    if (message.length === 0) return emptyMessage;
    const dictionary = this.#dictionary;
    const flushed = this.#deflate.deflate(message, dictionary === null ? null : dictionaryBytes(dictionary));
    if (dictionary !== null) remember(dictionary, message);
    return flushed.subarray(0, flushed.length - flushTailBytes);
  }
}
