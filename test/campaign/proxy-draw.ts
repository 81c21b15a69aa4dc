// What a campaign through the fault proxy tries, drawn from its seed: a load, the shape of its messages, and what breaks on
// the way. One direction a campaign: what the one has broken, the other could no longer name.

import type { ProxyFault } from '../../src/faults/fault.ts';
import { parseFaults } from '../../src/faults/faults-file.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { createRandom, type Random } from '../../src/random/generator.ts';
import { planOf, whole } from './drawing.ts';

export interface ProxyDraw {
  readonly compression: boolean;
  readonly faults: readonly ProxyFault[];
  readonly planFor: (url: string) => Plan;
}

export function drawProxyCampaign(seed: number): ProxyDraw {
  const random = createRandom(seed);
  const compression = random() < 0.3;
  const protocol = PROTOCOLS[Math.floor(random() * 5)] ?? PROTOCOLS[0]!;
  const way = random() < 0.6 ? 'down' : 'up';
  const clients = whole(random, 1, 10);
  // A server that cannot keep up with compressing would have messages late, which is not what is tested.
  const perSecond = compression ? whole(random, 60, 150) : whole(random, 200, 1500);
  const mix = Array.from({ length: whole(random, 1, 2) }, (_, index) => ({
    type: `type ${index}`,
    bytes: whole(random, 130, random() < 0.5 ? 200 : 4000),
  }));
  return {
    compression,
    faults: faultsOf(drawFaults(random, way, protocol !== BINARY && protocol !== TEXT)),
    planFor: (url) =>
      planOf({
        name: `proxy campaign ${seed}`,
        seed,
        target: { url, compression },
        protocol,
        load: {
          connections: [{ to: clients }, { hold: '800ms' }],
          messages: { open: [{ to: `${perSecond}/s` }, { hold: '700ms' }] },
          mix,
        },
        thresholds: ['sent > 0'],
        drain: '2500ms',
      }),
  };
}

const BINARY = { kind: 'echo', format: 'binary' };
const TEXT = { kind: 'echo', format: 'text' };
const JSON_ECHO = { kind: 'json', send: { id: `\${id}`, text: `\${payload}` }, payload: 'text' };
const PROTOCOLS: readonly object[] = [BINARY, BINARY, TEXT, TEXT, JSON_ECHO];

/** Of documents only what leaves them whole: damage to an id makes a message of somebody else's of it. */
function drawFaults(random: Random, stream: 'up' | 'down', isJson: boolean): unknown[] {
  const rate = `${(0.2 + 2 * random()).toFixed(2)}%`;
  const keeping = [
    () => ({ fault: 'drop', stream, rate }),
    () => ({ fault: 'duplicate', stream, rate, copies: whole(random, 1, 3) }),
    () => ({ fault: 'reorder', stream, rate, by: whole(random, 1, 12) }),
    () => ({ fault: 'delay', stream, rate, delay: '1ms..40ms' }),
    () => ({ fault: 'replay', stream, rate }),
    () => ({ fault: 'split', stream, rate: '5%', fragments: whole(random, 2, 5) }),
    () => ({ fault: 'coalesce', stream, rate: '5%', by: whole(random, 1, 6) }),
    () => ({ fault: 'latency', latency: '10ms', jitter: '10ms' }),
    () => ({ fault: 'slicer', average_size: 40, size_variation: 30, share: '50%' }),
  ];
  const damaging = [
    () => ({ fault: 'corrupt', stream, rate }),
    () => ({ fault: 'truncate', stream, rate }),
    () => ({ fault: 'fabricate', stream, rate }),
    () => ({ fault: 'oversize', stream, rate: '0.3%', bytes: 5000 }),
    () => ({ fault: 'close', stream, rate: '0.1%', code: whole(random, 3000, 4999) }),
  ];
  const make = isJson ? keeping : [...keeping, ...damaging];
  const faults = Array.from({ length: whole(random, 1, 4) }, () => make[whole(random, 0, make.length - 1)]!());
  return [...faults, { fault: 'drop', stream, rate: '0.2%' }];
}

function faultsOf(faults: readonly unknown[]): readonly ProxyFault[] {
  const parsed = parseFaults({ faults });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.faults;
}
