// The places of a message's template that take a value from somewhere: names such as `feeder.question` or `int.1..100`.

const MAX_HEX_DIGITS = 256;

/** What may stand in a message, and in what a client says first, beside what takes an argument. */
export const MESSAGE_PLACES: readonly string[] = ['id', 'seq', 'client', 'room', 'type', 'priority', 'payload', 'uuid'];
export const JOIN_PLACES: readonly string[] = ['client', 'room', 'uuid'];

/** Whether the name is `row.COLUMN`, or a generator that is well-formed. */
export function isValuePlace(name: string): boolean {
  const dot = name.indexOf('.');
  const rest = name.slice(dot + 1);
  if (dot === -1 || rest === '') return false;
  switch (name.slice(0, dot)) {
    case 'row':
      return true;
    case 'hex':
      return /^\d{1,3}$/.test(rest) && Number(rest) >= 1 && Number(rest) <= MAX_HEX_DIGITS;
    case 'int':
      return isRange(rest);
    case 'pick':
      return true;
    default:
      return false;
  }
}

/** A range of whole numbers, such as 1..100. */
function isRange(text: string): boolean {
  const [, from, to] = /^(-?\d{1,15})\.\.(-?\d{1,15})$/.exec(text) ?? [];
  return from !== undefined && to !== undefined && Number(from) <= Number(to);
}

/** Of one message of many: its row of `load.feeder`. */
export function isFeederPlace(name: string): boolean {
  return /^feeder\..+$/s.test(name);
}
