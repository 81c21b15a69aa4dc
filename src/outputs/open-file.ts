// Shows a report to the person at the command, in what their system opens such files with.

/** Resolves once it was handed over; rejects where nothing could be started. Whether anything shows is not known. */
export async function openFile(file: string): Promise<void> {
  const { default: open } = await import('open');
  const child = await open(file);
  // Where no browser is, the command ends in an error of its own, which is none of ours.
  child.on('error', () => {});
  child.unref();
}
