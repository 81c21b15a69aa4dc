// What must be known before a worker starts: names resolved, the CSV read, every client's request checked.
// All problems are found here, so that nothing is started for a plan that cannot run.

import type { Addresses } from '../../engine/connections/connect-target.ts';
import { createConnectTargets, hostOf, urlFor } from '../../engine/connections/connect-target.ts';
import { HighwaterError } from '../../facts/error.ts';
import { unusedProxyText } from '../../facts/failure.ts';
import { headerProblem, pathProblem } from '../../frames/handshake.ts';
import { type Plan, REFERENCE_TARGET } from '../../plan/plan.ts';
import { templatesOf } from '../../plan/protocols.ts';
import { isSecretHeader, secretForms } from '../../plan/redact.ts';
import { templateColumns } from '../../plan/templates/client-template.ts';
import { splitUrl } from '../../plan/templates/url.ts';
import { urlTemplate } from '../../plan/templates/url-template.ts';
import { createEchoCodec, maxInFlight } from '../../protocols/echo/echo.ts';
import type { Rows } from '../../protocols/json/values.ts';
import type { NonEmpty } from '../../units/non-empty.ts';
import type { FaultHost, HostEnvironment, Monitors } from '../ports.ts';
import { unusedProxy } from './proxy-environment.ts';
import { type PlanRows, readPlanRows } from './rows.ts';

export interface Prepared extends PlanRows {
  readonly addresses: Addresses;
  /** By row: its values that go into URLs and secret headers, which a service may repeat. Empty without rows. */
  readonly rowSecrets: readonly (readonly string[])[];
}

/** At most this many rows' requests are checked one by one; a bad row further on fails its client by name. */
const CHECKED_ROWS = 10_000;
const SHOWN_SOURCES = 5;

/** Throws ROWS_UNREADABLE, PROTOCOL_INVALID, PLAN_INVALID, MACHINE_LIMIT or TARGET_UNREACHABLE. */
export async function prepare(plan: Plan, hostEnvironment: HostEnvironment): Promise<Prepared> {
  const planRows = await checkPlan(plan, hostEnvironment);
  const { rows } = planRows;
  const addresses = await resolveHosts(plan, rows, hostEnvironment);
  checkFamilies(plan, addresses);
  return { ...planRows, addresses, rowSecrets: rowSecrets(plan, rows) };
}

/** A connection from 127.0.0.2 reaches no `::1`. */
function checkFamilies({ target }: Plan, addresses: Addresses): void {
  const familyOf = (address: string): string => (address.includes(':') ? 'IPv6' : 'IPv4');
  const problems = Object.values(addresses).flatMap((found) => {
    const families = new Set(found.map(familyOf));
    const strange = target.sourceAddresses.find((address) => !families.has(familyOf(address)));
    if (strange === undefined) return [];
    const expected = [...families].join(' or ');
    return [
      `target.sourceAddresses: expected ${expected} addresses, because the target is at ${found.join(', ')}, got ${strange}`,
    ];
  });
  if (problems.length > 0) throw new HighwaterError('PLAN_INVALID', problems);
}

/** A protocol of the user's own is loaded and tried, before every worker loads it for itself. Throws PROTOCOL_INVALID. */
async function checkProtocol({ protocol }: Plan, rows: Rows, hostEnvironment: HostEnvironment): Promise<void> {
  if (protocol.kind !== 'module') return;
  const { file } = protocol;
  const trial = await hostEnvironment.tryAdapter(file, rows[0] ?? {});
  const problems =
    trial.kind === 'unloadable'
      ? [`protocol: ${file}: expected a module that loads, got ${trial.got}`]
      : trial.problems.map(
          ({ where, expected, got }) => `protocol: ${file}: ${where}: expected ${expected}, got ${got}`,
        );
  if (problems.length > 0) throw new HighwaterError('PROTOCOL_INVALID', problems);
}

/** Throws MACHINE_LIMIT where the connections are to come from somewhere else. */
async function checkSources({ target }: Plan, hostEnvironment: HostEnvironment): Promise<void> {
  const strange: string[] = [];
  for (const address of target.sourceAddresses) {
    if (!(await hostEnvironment.isLocalAddress(address))) strange.push(address);
  }
  if (strange.length === 0) return;
  const shown = strange.length > SHOWN_SOURCES ? [...strange.slice(0, SHOWN_SOURCES), '…'] : strange;
  throw new HighwaterError('MACHINE_LIMIT', [
    `target.sourceAddresses: expected addresses of this machine, got ${shown.join(', ')}. ` +
      `Assign ${strange.length === 1 ? 'it' : 'them'} to an interface (ip address add ${strange[0]} dev …), or choose others`,
  ]);
}

/** All that can be found wrong without a connection. Throws ROWS_UNREADABLE, PROTOCOL_INVALID, PLAN_INVALID or MACHINE_LIMIT. */
export async function checkPlan(plan: Plan, hostEnvironment: HostEnvironment): Promise<PlanRows> {
  const planRows = await readPlanRows(plan, hostEnvironment);
  await checkProtocol(plan, planRows.rows, hostEnvironment);
  checkRequests(plan, planRows);
  await checkSources(plan, hostEnvironment);
  return planRows;
}

/** Throws PLAN_INVALID where what is to be broken is not there. */
export function checkFaults(plan: Plan, faults: FaultHost): void {
  const problems = faults.problems(plan);
  if (problems.length > 0) throw new HighwaterError('PLAN_INVALID', problems);
}

/** What of the monitors can be found wrong before they are read. Throws MONITOR_UNREADABLE. */
export function checkMonitors({ monitors }: Plan, ports: Monitors): void {
  const problems = monitors.flatMap((settings, index) => {
    const problem = ports.problem(settings);
    return problem === null ? [] : [`monitors[${index}] (${settings.name}): ${problem}`];
  });
  if (problems.length > 0) throw new HighwaterError('MONITOR_UNREADABLE', problems);
}

function rowSecrets({ target, protocol }: Plan, rows: Rows): readonly (readonly string[])[] {
  const secretHeaders = Object.entries(target.headers).filter(([name]) => isSecretHeader(name));
  const templates = [
    ...target.urls.map(withoutHost),
    ...secretHeaders.map(([, value]) => value),
    // Who logs in says there who he is.
    ...templatesOf(protocol),
  ];
  // What a module of the user's own makes of a row is not known: all of it is hidden.
  const columns =
    protocol.kind === 'module'
      ? Object.keys(rows[0] ?? {})
      : [...new Set(templates.flatMap((template) => templateColumns(template)))];
  return rows.map((row) => columns.flatMap((column) => secretForms(row[column] ?? '')));
}

/** A host name is no secret, and an error about it must name it. */
function withoutHost(url: string): string {
  const parts = splitUrl(url);
  return parts === null ? url : `${parts.userInfo ?? ''} ${parts.path}?${parts.query ?? ''}`;
}

/** The plan with the URL of the target that ships with Highwater in its place; where the plan has rooms, of its rooms. */
export function withReferenceAt(plan: Plan, baseUrl: string): Plan {
  const url = plan.load.rooms === null ? baseUrl : `${baseUrl}/rooms/\${room}?client=\${client}`;
  const urls = plan.target.urls.map((each) => (each === REFERENCE_TARGET ? url : each)) as unknown as NonEmpty<string>;
  return { ...plan, target: { ...plan.target, urls } };
}

function checkRequests(plan: Plan, planRows: PlanRows): void {
  const { rows, rowLines } = planRows;
  const problems: string[] = [...shortMessageProblems(plan), ...missingColumns(plan, planRows)];
  // The target that ships with Highwater has its URL only once it is started.
  const placed = withReferenceAt(plan, 'ws://127.0.0.1');
  const { urls } = placed.target;
  const connectTargetFor = createConnectTargets(placed, rows, {});
  const count = Math.max(urls.length, Math.min(rows.length, CHECKED_ROWS));
  for (let client = 0; client < count && problems.length < 20; client++) {
    const where = rows.length === 0 ? '' : ` (${plan.target.rowsFile}, line ${rowLines[client % rows.length]})`;
    try {
      const site = connectTargetFor(client, 0);
      const wrongPath = pathProblem(site.path);
      if (wrongPath !== null) problems.push(`target.url${where}: ${wrongPath}`);
      for (const [name, value] of Object.entries(site.headers)) {
        const wrong = headerProblem(name, value);
        if (wrong !== null) problems.push(`target.headers.${name}${where}: ${wrong}`);
      }
    } catch (error) {
      problems.push(`target${where}: ${(error as Error).message}`);
    }
  }
  if (problems.length > 0) throw new HighwaterError('PLAN_INVALID', problems);
}

/** Short messages say too little: only so many can be told apart on one client, and none in a room. */
function shortMessageProblems({ load, protocol }: Plan): string[] {
  const { messages, mix, rooms } = load;
  if (protocol.kind !== 'echo') return [];
  const codec = createEchoCodec(protocol.format, 0);
  if (rooms !== null) {
    return mix
      .filter(({ payloadBytes }) => payloadBytes < codec.stampedBytes)
      .map(
        ({ type, payloadBytes }) =>
          `load.mix: expected messages of at least ${codec.stampedBytes} bytes in rooms, because shorter ones cannot ` +
          `hold their sender, got ${payloadBytes} bytes (${type})`,
      );
  }
  if (messages.kind !== 'closed') return [];
  return mix
    .filter((type) => messages.inFlight > maxInFlight(codec, type.payloadBytes))
    .map(
      ({ type, payloadBytes }) =>
        `load.messages.closed.inFlight: expected at most ${maxInFlight(codec, payloadBytes)} for messages of ` +
        `${payloadBytes} bytes (${type}), which have too few bytes for larger numbers, got ${messages.inFlight}. ` +
        `Messages of ${codec.stampedBytes} bytes or more have no such limit`,
    );
}

function missingColumns({ target, protocol, load }: Plan, { rows, feeder }: PlanRows): string[] {
  const messages = templatesOf(protocol);
  const templates = [...target.urls, ...Object.values(target.headers), ...messages];
  return [
    ...missingFrom(rows, 'target', 'row', target.rowsFile, templates),
    ...missingFrom(feeder, 'protocol', 'feeder', load.feeder?.file ?? null, messages),
  ];
}

function missingFrom(
  rows: Rows,
  where: string,
  source: 'row' | 'feeder',
  file: string | null,
  templates: readonly string[],
): string[] {
  const [first] = rows;
  if (first === undefined) return [];
  const known = Object.keys(first);
  return [...new Set(templates.flatMap((template) => templateColumns(template, source)))]
    .filter((column) => !known.includes(column))
    .map(
      (column) => `${where}: expected \${${source}.X} with X one of ${known.join(', ')} (of ${file}), got ${column}`,
    );
}

async function resolveHosts(plan: Plan, rows: Rows, hostEnvironment: HostEnvironment): Promise<Addresses> {
  const hosts = new Set<string>();
  for (const [index, template] of plan.target.urls.entries()) {
    const row = rows.length === 0 ? null : rows[index % rows.length]!;
    hosts.add(hostOf(urlFor(urlTemplate(template), { client: index, room: 0, row })));
  }
  const addresses: Record<string, readonly string[]> = {};
  for (const host of hosts) {
    try {
      addresses[host] = await hostEnvironment.resolve(host);
    } catch (error) {
      const proxy = unusedProxy(plan.target.urls, hostEnvironment.environment());
      throw new HighwaterError('TARGET_UNREACHABLE', [
        `target.url: expected a host name that resolves, got ${host} (dns: ${(error as Error).message}). ` +
          `Check the spelling and the DNS resolver of this machine${proxy === null ? '' : `; ${unusedProxyText(proxy)}`}`,
      ]);
    }
  }
  return addresses;
}
