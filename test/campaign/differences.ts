// What was found and what was done, where each has a name.

/** More violations than these are counted and not described, so not every message is known by name. */
export const MAX_DESCRIBED = 100;

/** Of two lists as multisets. */
export function differences(kind: string, found: readonly string[], done: readonly string[]): string[] {
  const left = [...done];
  const invented = found.filter((name) => {
    const at = left.indexOf(name);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
  return [
    ...invented.map((name) => `${kind}: ${name} was found and not done`),
    ...left.map((name) => `${kind}: ${name} was done and not found`),
  ];
}
