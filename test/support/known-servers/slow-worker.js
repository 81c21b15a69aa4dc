// Preloaded by `NODE_OPTIONS=--import`: makes a worker of Highwater slow, and only a worker. Its event loop stands
// still for 200 ms in every 250 ms, as a process does that shares its core with another or collects garbage.

const BLOCK_MS = 200;
const FREE_MS = 50;

if (process.argv[1]?.endsWith('entry/worker.js') === true) {
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  const block = () => {
    Atomics.wait(sleeper, 0, 0, BLOCK_MS);
    setTimeout(block, FREE_MS).unref();
  };
  setTimeout(block, FREE_MS).unref();
}
