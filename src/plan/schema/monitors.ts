// The `monitors` section of a plan as written, and how it is resolved: each monitor is one of several kinds, which it says by
// the one key that it has beside its name.

import * as z from 'zod';
import type { MonitorSettings } from '../plan.ts';
import type { ReportProblem } from '../resolve/target.ts';
import { splitUrl } from '../templates/url.ts';
import { choiceField, objectField, refuse, textField, wholeField } from './fields.ts';

const MOST_MONITORS = 32;
const MOST_SERIES = 64;
const MOST_ARGUMENTS = 100;
/** What the result shows of the workers; a monitor of that name would be taken for it. */
const TAKEN_NAME = 'generator';
const NAME_PATTERN = '^[A-Za-z][A-Za-z0-9_-]{0,39}$';
const QUOTED = '"([^"\\\\\\n]|\\\\.)*"';
const LABEL = `([a-zA-Z_][a-zA-Z0-9_]*|${QUOTED})=${QUOTED}`;
/** A name before the braces, or, as with dots in it, in quotes within them. */
const SERIES_PATTERN = `^([a-zA-Z_:][a-zA-Z0-9_:]*(\\{(${LABEL},?)*\\})?|\\{${QUOTED}(,${LABEL})*,?\\})$`;
const NAME_EXPECTED = 'a name of at most 40 letters, digits, - and _ that starts with a letter and is not generator';
const URL_EXPECTED = 'a URL such as http://127.0.0.1:9100/metrics';
const SERIES_EXPECTED = 'a series such as process_open_fds or http_requests_total{code="500"}';
const KINDS = ['pid', 'process', 'machine', 'prometheus', 'command'] as const;
const MONITOR_FORM = `a monitor: { name, and one of ${KINDS.join(', ')} }`;

const series = textField({
  expected: SERIES_EXPECTED,
  description: 'The name of a series, with the labels that it must have. Several matches are added up.',
  examples: ['process_open_fds', 'http_requests_total{code="500"}', '{"http.requests",code="500"}'],
  pattern: SERIES_PATTERN,
  textOnly: true,
  read: (value) => (new RegExp(SERIES_PATTERN).test(String(value)) ? String(value) : refuse(SERIES_EXPECTED)),
});

const ARGUMENT_EXPECTED = 'a text of at most 4096 characters';
const argument = textField({
  expected: ARGUMENT_EXPECTED,
  description: 'The program, or one of its arguments.',
  examples: ['node'],
  read: (value) => {
    const text = String(value);
    return text.length <= 4096 && !text.includes('\0') ? text : refuse(ARGUMENT_EXPECTED);
  },
});

const monitor = objectField(
  {
    name: textField({
      expected: NAME_EXPECTED,
      description: 'The name of the monitor in the result.',
      examples: ['target'],
      pattern: NAME_PATTERN,
      textOnly: true,
      read: (value) =>
        new RegExp(NAME_PATTERN).test(String(value)) && value !== TAKEN_NAME ? String(value) : refuse(NAME_EXPECTED),
    }),
    pid: wholeField('a process id', 'A process id; its children are included.', {
      min: 1,
      max: 2 ** 31 - 1,
    }).optional(),
    process: choiceField(['reference'], 'The reference target that the run starts.').optional(),
    machine: z
      .literal(true, { error: () => 'true' })
      .describe('The machine that Highwater runs on: CPU, memory, network, TCP.')
      .optional(),
    prometheus: textField({
      expected: URL_EXPECTED,
      description: 'The URL of metrics in the Prometheus text format.',
      examples: ['http://127.0.0.1:9100/metrics'],
      pattern: '^[hH][tT][tT][pP][sS]?://.+$',
      textOnly: true,
      read: (value) => {
        const parts = splitUrl(String(value));
        const fits = parts !== null && /^https?$/.test(parts.scheme) && parts.host !== '' && parts.fragment === null;
        return fits ? String(value) : refuse(URL_EXPECTED);
      },
    }).optional(),
    series: z
      .array(series, { error: () => 'a list of series' })
      .min(1, { error: () => 'at least one series' })
      .max(MOST_SERIES, { error: () => `at most ${MOST_SERIES} series` })
      .meta({ description: 'The series to read.', examples: [['process_resident_memory_bytes']] })
      .optional(),
    command: z
      .array(argument, {
        error: () => 'a list: a program and its arguments',
      })
      .min(1, { error: () => 'at least the program' })
      .max(MOST_ARGUMENTS, { error: () => `at most ${MOST_ARGUMENTS} entries` })
      .meta({
        description: 'A program that runs once a second and prints one number, or lines with a name and a number.',
        examples: [['node', 'depth.js']],
      })
      .optional(),
  },
  MONITOR_FORM,
  'A source of figures that is read once a second during the run.',
);

export const monitorsSchema = z
  .array(monitor, { error: () => 'a list of monitors' })
  .max(MOST_MONITORS, { error: () => `at most ${MOST_MONITORS} monitors` })
  .meta({
    description: 'Sources of figures, such as CPU and memory, that are read once a second.',
    examples: [[{ name: 'target', pid: 4711 }]],
  });

export type WrittenMonitor = z.output<typeof monitor>;

/** `hasReference`: the plan's target is the one that ships with Highwater. */
export function resolveMonitors(
  written: readonly WrittenMonitor[],
  hasReference: boolean,
  report: ReportProblem,
): readonly MonitorSettings[] {
  return written.flatMap((one, index) => {
    const at = ['monitors', index];
    if (written.findIndex(({ name }) => name === one.name) !== index) {
      report([...at, 'name'], 'each name once', `${one.name} twice`);
    }
    const kinds = KINDS.filter((key) => one[key] !== undefined);
    if (kinds.length !== 1) {
      report(at, `one of ${KINDS.join(', ')}`, kinds.length === 0 ? 'none' : kinds.join(' and '));
      return [];
    }
    if (one.series !== undefined && one.prometheus === undefined) {
      report([...at, 'series'], 'series only with prometheus', `series with ${kinds[0]}`);
    }
    if (one.process !== undefined && !hasReference) {
      const hint = 'monitor your own target by its pid';
      report([...at, 'process'], 'target.url: reference', 'another target', hint);
    }
    return resolveMonitor(one, () => report([...at, 'series'], 'the series to read', 'nothing'));
  });
}

function resolveMonitor(written: WrittenMonitor, onNoSeries: () => void): readonly MonitorSettings[] {
  const { name, pid, process, machine, prometheus, series: wanted, command } = written;
  if (pid !== undefined) return [{ kind: 'process', name, pid }];
  if (process !== undefined) return [{ kind: 'referenceTarget', name }];
  if (machine !== undefined) return [{ kind: 'machine', name }];
  if (prometheus !== undefined) {
    if (wanted === undefined) onNoSeries();
    return [{ kind: 'prometheus', name, url: prometheus, series: [...new Set(wanted ?? [])] }];
  }
  const [program, ...args] = command ?? [];
  return program === undefined ? [] : [{ kind: 'command', name, program, args, directory: null }];
}
