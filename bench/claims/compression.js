// What a compressed megabyte costs a worker: deflating and inflating are synchronous, so nothing else is sent or read meanwhile.

import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { MessageDeflater } from '../../dist/frames/deflate.js';
import { FrameReader } from '../../dist/frames/frame-reader.js';
import { zlibDeflate, zlibInflate } from '../../dist/frames/zlib-codec.js';
import { median } from '../highwater.js';

const ROUNDS = 25;
const MEGABYTE = 1_000_000;
const WINDOW_BITS = 15;

export function rows() {
  const message = chatter(MEGABYTE);
  const sending = { kind: 'compressed', contextTakeover: false, windowBits: WINDOW_BITS };
  const deflater = new MessageDeflater(zlibDeflate(deflateRawSync, WINDOW_BITS), sending);
  const payload = deflater.compress(message);
  const frame = frameOf(payload);
  const deflateMs = median(times(() => deflater.compress(message)));
  const inflateMs = median(times(() => read(frame)));
  const ratio = (message.length / payload.length).toFixed(1);
  return [
    {
      claim: `a megabyte of JSON is deflated (to 1/${ratio}), synchronously`,
      goal: '< 60 ms',
      measured: `${deflateMs.toFixed(1)} ms`,
      reached: deflateMs < 60,
    },
    {
      claim: 'a megabyte of JSON is inflated and judged as UTF-8, synchronously',
      goal: '< 20 ms',
      measured: `${inflateMs.toFixed(1)} ms`,
      reached: inflateMs < 20,
    },
  ];
}

/** Reads the message as a client does. */
function read(frame) {
  let receivedBytes = 0;
  const inflation = {
    inflate: zlibInflate(inflateRawSync),
    serverContextTakeover: false,
    serverWindowBits: WINDOW_BITS,
  };
  const sink = {
    message(_tag, _isText, _bytes, start, end) {
      receivedBytes += end - start;
    },
    ping() {},
    pong() {},
    close() {},
    violation(_tag, code, rule) {
      throw new Error(`${code} ${rule}`);
    },
  };
  new FrameReader({ maxMessageBytes: 2 * MEGABYTE, inflation }).feed(frame, 0, frame.length, sink, null);
  if (receivedBytes !== MEGABYTE) throw new Error(`expected ${MEGABYTE} bytes, got ${receivedBytes}`);
}

/** A compressed text in one frame (RFC 6455 §5.2, RFC 7692 §6). */
function frameOf(payload) {
  const header = Buffer.alloc(10);
  header[0] = 0xc1;
  header[1] = 127;
  header.writeBigUInt64BE(BigInt(payload.length), 2);
  return Buffer.concat([header, payload]);
}

/** JSON with words, names and numbers in it, neither all alike nor all random. */
function chatter(bytes) {
  let state = 1;
  const next = (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  let text = '';
  while (text.length < bytes) {
    const words = Array.from({ length: 12 }, () => next(50_000).toString(36));
    text += `{"id":"${next(1e9)}","room":${next(100)},"from":"user-${next(1000)}","text":"${words.join(' ')}"},`;
  }
  return new TextEncoder().encode(text.slice(0, bytes));
}

/** In CPU time, which is what a synchronous call takes from everything else, whatever the machine does beside it. */
function times(work) {
  return Array.from({ length: ROUNDS }, () => {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  });
}
