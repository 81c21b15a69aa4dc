// How often a property is drawn and a simulation is made again. The numbers in the tests are for `npm test`, which has the time;
// while one works (`npm run test:unit`, or the test runner alone) a fifth of them is enough to notice what has just been broken.

const FEW_RATIO = 1 / 5;

export function repeats(all: number): number {
  return process.env.HIGHWATER_TEST_REPEATS === 'all' ? all : Math.ceil(all * FEW_RATIO);
}
