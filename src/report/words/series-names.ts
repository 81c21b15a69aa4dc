// Names for people of the series that monitors read. A series of Prometheus or of a command keeps the name that it has there.

const NAMES: Readonly<Record<string, string>> = {
  cpuRatio: 'CPU',
  rssBytes: 'memory',
  memoryUsedBytes: 'memory used',
  fileDescriptors: 'open files',
  threads: 'threads',
  processes: 'processes',
  receivedBytesPerSecond: 'network received',
  sentBytesPerSecond: 'network sent',
  loopbackBytesPerSecond: 'loopback',
  tcpRetransmitsPerSecond: 'TCP retransmits',
  tcpResetsPerSecond: 'TCP resets',
  tcpResetsSentPerSecond: 'TCP resets sent',
};

/** `memory` for `rssBytes`. */
export function seriesName(series: string): string {
  return Object.hasOwn(NAMES, series) ? NAMES[series]! : series;
}

/** `target memory` for `target.rssBytes`; whatever else has a dot stays as it is. */
export function monitorSeriesName(name: string): string {
  const dot = name.indexOf('.');
  const series = name.slice(dot + 1);
  return dot !== -1 && Object.hasOwn(NAMES, series) ? `${name.slice(0, dot)} ${NAMES[series]!}` : name;
}
