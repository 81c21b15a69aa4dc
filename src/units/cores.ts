// Cores, of which a quota may leave a part: a process that may run 40 ms in every 100 ms has 0.4.

/** `2 cores`, `1 core`, `0.4 cores`. */
export function formatCores(cores: number): string {
  return `${Number(cores.toPrecision(3))} ${cores === 1 ? 'core' : 'cores'}`;
}
