/** The frame opcodes of RFC 6455 §5.2 and §11.8. From 0x8 upwards they are control frames. */
export const opcodes = {
  continuation: 0x0,
  text: 0x1,
  binary: 0x2,
  close: 0x8,
  ping: 0x9,
  pong: 0xa,
} as const;

export type Opcode = (typeof opcodes)[keyof typeof opcodes];
