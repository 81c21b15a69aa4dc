// Packet faults, done by the kernel of this machine in the network namespace in which the run goes: packets that arrive
// here from the service, or for it where it is of this machine, are dropped by a table of nftables that matches nothing else;
// a slow link is the token bucket (tc-tbf) of the device to the service, and so only for a namespace of one's own.
//
// Packets are dropped where they arrive: one that is dropped on its way out is told to its sender as an error, and is no loss.

import { execFile, spawnSync } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { type Addresses, hostOf } from '../engine/connections/connect-target.ts';
import type { FaultCounts } from '../facts/fault-counts.ts';
import type { Fault, PacketFault, Plan } from '../plan/plan.ts';
import { splitUrl } from '../plan/templates/url.ts';
import { formatBytes } from '../units/bytes.ts';
import { nsToSeconds } from '../units/duration.ts';
import { isNonEmpty, type NonEmpty } from '../units/non-empty.ts';
import { unreachable } from '../units/unreachable.ts';
import { type CleanupJournal, createCleanupJournal } from './cleanup-journal.ts';
import { holderOf, isOwnNamespace, ownPlace } from './network-namespace.ts';

export type PlannedPacketFault = Fault & PacketFault;

export interface PacketFaults {
  /** A sentence for each that cannot be done on this machine. */
  unavailable(plan: Plan): readonly string[];
  recover(): readonly string[];
  open(plan: Plan, addresses: Addresses, notice: (text: string) => void): OpenPacketFaults;
}

export interface OpenPacketFaults {
  begin(fault: PlannedPacketFault): Promise<void>;
  end(fault: PlannedPacketFault): Promise<void>;
  /** Null where the kernel does not tell, and before the fault has ended. */
  counts(fault: PlannedPacketFault): FaultCounts | null;
}

/** What was changed: how to take it back, and where: since which start of the machine, and in which namespace. */
interface Change {
  readonly namespace: string;
  readonly undo: readonly [string, ...string[]];
}

/** Where the service is, as packets have it: clients may come to any of its addresses. */
interface Peer {
  readonly addresses: NonEmpty<string>;
  readonly port: number;
}

type Words = readonly [string, ...string[]];

const run = promisify(execFile);
/** capabilities(7) */
const CAP_NET_ADMIN = 12n;
/** What `numgen` counts to: loss is as fine as this. */
const LOSS_STEPS = 1_000_000;
const BURST_SECONDS = 0.01;
const FRAME_BYTES = 18;
const QUEUE = '400ms';
const UNDOING: readonly RegExp[] = [
  /^nft delete table inet highwater_\d+_(packet_loss|partition)$/,
  /^tc qdisc del dev [\w.@-]+ root$/,
];

export function isPacketFault(fault: Fault): fault is PlannedPacketFault {
  return fault.kind === 'packet_loss' || fault.kind === 'partition' || fault.kind === 'link_rate';
}

/** `directory`: where what must be undone is written down. */
export function createPacketFaults(directory: string): PacketFaults {
  const journal = createCleanupJournal(directory, 'kernel', isChange);
  return {
    recover: () => recover(journal),
    unavailable,
    open(plan, addresses, notice) {
      for (const text of unavailable(plan)) notice(text);
      return openPacketFaults(peerOf(plan, addresses), journal);
    },
  };
}

function unavailable({ faults, target }: Plan): readonly string[] {
  return faults.filter(isPacketFault).flatMap((fault) => {
    const isOpen = originText(target.urls[0]).includes('${');
    const why = isOpen ? 'expected the same host for all clients' : whyImpossible(fault.kind);
    return why === null ? [] : [`SKIPPED: this machine cannot do the fault ${fault.name}: ${why}`];
  });
}

function tableOf({ kind }: PlannedPacketFault): string {
  return `highwater_${process.pid}_${kind}`;
}

function noteName({ kind }: PlannedPacketFault): string {
  return `${process.pid}-${kind.replace('_', '-')}`;
}

/** So many packets. */
async function droppedBy(table: string): Promise<number> {
  const { stdout } = await run('nft', ['list', 'table', 'inet', table]);
  return [...stdout.matchAll(/\bcounter packets (\d+)/g)].reduce((sum, [, packets]) => sum + Number(packets), 0);
}

function openPacketFaults(peer: Peer | null, journal: CleanupJournal<Change>): OpenPacketFaults {
  const lasting = new Map<string, Change>();
  const counted = new Map<PlannedPacketFault, FaultCounts>();
  let isHeeded = false;

  /** Where this process ends without more ado, such as at a second Ctrl-C. */
  function heedExit(): void {
    if (isHeeded) return;
    isHeeded = true;
    process.once('exit', () => {
      for (const [name, { undo }] of lasting) {
        // What cannot be taken back now, such as a rule that is only just being made, the next run takes back.
        if (spawnSync(undo[0], undo.slice(1)).status === 0) journal.remove(name);
      }
    });
  }

  return {
    async begin(fault) {
      const why = whyImpossible(fault.kind);
      if (why !== null) throw new Error(why);
      if (peer === null) throw new Error('the address of the service is not known');
      heedExit();
      const name = noteName(fault);
      const { doing, undo } = await changeFor(fault, peer, tableOf(fault));
      const change = { namespace: ownPlace(), undo };
      journal.write(name, change);
      lasting.set(name, change);
      try {
        await perform(doing);
      } catch (error) {
        // It may have been done all the same, such as by a program that was interrupted afterwards.
        await perform(undo).catch(() => {});
        lasting.delete(name);
        journal.remove(name);
        throw error;
      }
    },
    async end(fault) {
      const name = noteName(fault);
      const change = lasting.get(name);
      if (change === undefined) return;
      if (fault.kind !== 'link_rate') counted.set(fault, { droppedPackets: await droppedBy(tableOf(fault)) });
      await perform(change.undo);
      lasting.delete(name);
      journal.remove(name);
    },
    counts: (fault) => counted.get(fault) ?? null,
  };
}

/** Why faults of a kind cannot be done here, as `expected …, got …`; null where they can. */
function whyImpossible(kind: PacketFault['kind']): string | null {
  if (process.platform !== 'linux') return `expected Linux, got ${process.platform}`;
  if (!mayChangeNetwork()) return 'expected permission to change the network (CAP_NET_ADMIN or root), got none';
  const tools = kind === 'link_rate' ? ['ip', 'tc'] : ['nft'];
  const missing = tools.find((tool) => !isInPath(tool));
  if (missing !== undefined) return `expected the program ${missing}, got none in PATH`;
  if (kind === 'link_rate' && !isOwnNamespace())
    return 'expected a private network namespace (unshare --net), got one that is shared';
  return null;
}

function mayChangeNetwork(): boolean {
  const held = /^CapEff:\s*([0-9a-f]+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  return ((BigInt(`0x${held}`) >> CAP_NET_ADMIN) & 1n) === 1n;
}

function isInPath(program: string): boolean {
  return (process.env.PATH ?? '').split(path.delimiter).some((directory) => {
    try {
      accessSync(path.join(directory, program), constants.X_OK);
      return directory !== '';
    } catch {
      return false;
    }
  });
}

async function changeFor(
  fault: PlannedPacketFault,
  peer: Peer,
  table: string,
): Promise<{ readonly doing: Words; readonly undo: Words }> {
  switch (fault.kind) {
    case 'packet_loss':
      return dropping(
        peer,
        table,
        fault.lossRatio < 1 ? `numgen random mod ${LOSS_STEPS} < ${Math.round(fault.lossRatio * LOSS_STEPS)}` : '',
      );
    case 'partition':
      return dropping(peer, table, '');
    case 'link_rate': {
      const device = await deviceTo(peer.addresses[0]);
      // A packet must fit into the bucket, or it never passes; and what the bucket holds passes at once.
      const burstBytes = mtuOf(device) + Math.round(fault.bytesPerSecond * BURST_SECONDS);
      if (fault.forNs !== null && nsToSeconds(fault.forNs) * fault.bytesPerSecond < 2 * burstBytes) {
        throw new Error(
          `expected a rate and a duration in which at least ${formatBytes(2 * burstBytes)} pass, because ${device} lets ` +
            `${formatBytes(burstBytes)} pass at once, got ${formatBytes(fault.bytesPerSecond)} per second`,
        );
      }
      const rate = ['rate', `${Math.round(fault.bytesPerSecond * 8)}bit`, 'burst', `${burstBytes}b`, 'latency', QUEUE];
      return {
        doing: ['tc', 'qdisc', 'add', 'dev', device, 'root', 'tbf', ...rate],
        undo: ['tc', 'qdisc', 'del', 'dev', device, 'root'],
      };
    }
    default:
      return unreachable(fault);
  }
}

function dropping(
  { addresses, port }: Peer,
  table: string,
  which: string,
): { readonly doing: Words; readonly undo: Words } {
  const rules = addresses.flatMap((address) =>
    (['s', 'd'] as const).map(
      (side) =>
        `add rule inet ${table} arriving ${net.isIPv6(address) ? 'ip6' : 'ip'} ${side}addr ${address} ` +
        `tcp ${side}port ${port} ${which} counter drop`,
    ),
  );
  const commands = [
    `add table inet ${table}`,
    `add chain inet ${table} arriving { type filter hook input priority 0; }`,
    ...rules,
  ];
  return { doing: ['nft', commands.join('\n')], undo: ['nft', `delete table inet ${table}`] };
}

/** With what goes before a packet on a line. */
function mtuOf(device: string): number {
  return Number(readFileSync(`/sys/class/net/${device}/mtu`, 'utf8')) + FRAME_BYTES;
}

async function deviceTo(address: string): Promise<string> {
  const { stdout } = await run('ip', ['-o', 'route', 'get', address]);
  const device = /\bdev (\S+)/.exec(stdout)?.[1];
  if (device === undefined) throw new Error(`expected a network device that leads to ${address}, got none`);
  return device;
}

async function perform([program, ...args]: Words): Promise<void> {
  try {
    await run(program, args);
  } catch (error) {
    const { stderr = '', message } = error as Error & { readonly stderr?: string };
    const [first = message] = stderr.trim() === '' ? [] : stderr.trim().split('\n');
    throw new Error(`${program}: ${first.replaceAll(/\s+/g, ' ')}`);
  }
}

function peerOf({ target }: Plan, addresses: Addresses): Peer | null {
  const [template] = target.urls;
  if (originText(template).includes('${')) return null;
  const url = new URL(template.replaceAll(/\$\{[^}]*\}/g, '0'));
  const host = hostOf(url);
  const known = (addresses[host] ?? [host]).filter((address) => net.isIP(address) !== 0);
  if (!isNonEmpty(known)) return null;
  return { addresses: known, port: url.port === '' ? (url.protocol === 'wss:' ? 443 : 80) : Number(url.port) };
}

/** Up to the path. */
function originText(url: string): string {
  const parts = splitUrl(url);
  return parts === null ? url : `${parts.host}${parts.port ?? ''}`;
}

function isChange(value: object): value is Change {
  const { namespace, undo } = value as Readonly<Record<string, unknown>>;
  // It is run as it stands there, as root: nothing is run but what is written here.
  const command = Array.isArray(undo) ? undo.join(' ') : '';
  return typeof namespace === 'string' && UNDOING.some((form) => form.test(command));
}

/** What runs that were killed have left in the way of packets is taken back, where its namespace can be reached. */
function recover(journal: CleanupJournal<Change>): readonly string[] {
  return journal.undoAbandoned(({ namespace, undo }) => {
    const holder = holderOf(namespace);
    // A namespace without processes is gone, and all that was in it.
    if (holder === null) return [];
    const into = holder === 'self' ? [] : ['nsenter', '-t', String(holder), '-n'];
    if (!isStillThere(undo, into)) return [];
    const [program = '', ...args] = [...into, ...undo];
    const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
    if (status === 0) return [`removed a network fault that a killed run had left (${undo.join(' ')})`];
    if (/No such file|Cannot find|Cannot delete qdisc/i.test(stderr ?? '')) return [];
    throw new Error(`${undo.join(' ')}: ${error?.message ?? stderr.trim().replaceAll(/\s+/g, ' ')}`);
  });
}

/** A queue of somebody else's is left alone: that of a device has no name to know it by but its kind. */
function isStillThere(undo: readonly string[], into: readonly string[]): boolean {
  if (undo[0] !== 'tc') return true;
  const device = undo[undo.indexOf('dev') + 1] ?? '';
  const [program = '', ...args] = [...into, 'tc', 'qdisc', 'show', 'dev', device];
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`tc qdisc show dev ${device}: ${(stderr ?? '').trim()}`);
  return /^qdisc tbf\b/m.test(stdout);
}
