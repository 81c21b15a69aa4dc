import { describe, expect, test } from 'vitest';
import { joinAudience } from '../analysis/fanout.ts';
import type { Rooms } from '../plan/plan.ts';
import { audienceFacts, createAudience, noteHeard, receiverClosed, receiverOpened, startAudience } from './audience.ts';
import { createDensityFacts } from './density.ts';

const SECOND = 1e9;
/** One room in which client 0 sends. */
const one: Rooms = { count: 1, publishers: 1, self: true, settleNs: SECOND };

describe('a receiver that is left out for very long', () => {
  const audienceOf = () => {
    const audience = createAudience(one, 2, createDensityFacts(), false);
    for (const receiver of [0, 1]) receiverOpened(audience, receiver, 0);
    startAudience(audience, SECOND, 0, (receiver) => receiver);
    return audience;
  };
  const join = (audience: ReturnType<typeof audienceOf>, sent: number) => {
    for (const receiver of [0, 1]) receiverClosed(audience, receiver, receiver, 'stayed');
    return joinAudience(one, [audienceFacts(audience, [[0, sent]], (receiver) => receiver)]);
  };

  test('has missed what it did not hear, and is judged on', () => {
    const audience = audienceOf();
    for (let seq = 70_000; seq < 80_000; seq++) noteHeard(audience, 1, 1, 0, seq, Number.POSITIVE_INFINITY);
    // The first number that was out of all proportion was not believed.
    expect(join(audience, 80_000)).toMatchObject({ expected: 80_000, missed: 70_001 });
  });

  test('with more holes than are remembered has missed exactly as many', () => {
    const audience = audienceOf();
    let heard = 0;
    for (let seq = 0; seq < 200_000; seq++) {
      if (seq % 20 === 3) continue;
      noteHeard(audience, 1, 1, 0, seq, Number.POSITIVE_INFINITY);
      heard++;
    }
    expect(join(audience, 200_000)).toMatchObject({ expected: 200_000, missed: 200_000 - heard });
  });

  test('a number that nobody can have sent is not believed, and what is beyond the sent is forged', () => {
    const audience = audienceOf();
    for (let seq = 0; seq < 100; seq++) noteHeard(audience, 1, 1, 0, seq, Number.POSITIVE_INFINITY);
    expect(noteHeard(audience, 1, 1, 0, 2 ** 52, Number.POSITIVE_INFINITY)).toBeNull();
    // #90 to #99 were heard and never sent.
    expect(join(audience, 90)).toMatchObject({ expected: 90, missed: 0, forged: 10 });
  });
});
