// A notice in a sentence, for people.

import type { FaultPhase } from '../../facts/event.ts';
import type { Notice } from '../../facts/notice.ts';
import { UNREADABLE_TEXTS, type UnreadableKind } from '../../facts/unreadable.ts';
import type { Numbering, Protocol } from '../../plan/plan.ts';
import { unreachable } from '../../units/unreachable.ts';
import { targetDeathText } from './headline-cause.ts';

const PHASE_TEXTS: Readonly<Record<FaultPhase, string>> = { began: 'started', ended: 'ended' };

export function noticeText(notice: Notice): string {
  switch (notice.kind) {
    case 'notUnderstood':
      return notUnderstoodText(notice.protocol, notice.sample, notice.unreadable);
    case 'monitorGap':
      return `monitor ${notice.monitor}: ${notice.reason}`;
    case 'faultFailed':
      return `the fault ${notice.fault} could not be ${PHASE_TEXTS[notice.phase]}: ${notice.reason}`;
    case 'recordUnwritable':
      return `${notice.path}: the record could not be written: ${notice.reason}. The run ends. Free disk space, or choose another directory with --runs-dir`;
    case 'faultLogEnded':
      return `the log of network faults ended: ${notice.reason}`;
    case 'targetDied':
      return targetDeathText(notice.death);
    case 'remark':
      return notice.text;
    default:
      return unreachable(notice);
  }
}

function notUnderstoodText(protocol: Protocol, sample: string, unreadable: UnreadableKind | null): string {
  const what = protocol.kind === 'push' ? 'is a numbered push' : 'answers a message that was sent';
  const why =
    unreadable === null
      ? expectationOf(protocol)
      : `messages came that ${UNREADABLE_TEXTS[unreadable].are}: ${UNREADABLE_TEXTS[unreadable].remedy}`;
  return `nothing that came ${what}; ${why}. One of them: ${sample}`;
}

/** Where the protocol looks for what it understands, and the key that says so. */
function expectationOf(protocol: Protocol): string {
  switch (protocol.kind) {
    case 'echo':
      return 'an echo returns messages unchanged';
    case 'json':
      return `the id is looked for at ${protocol.id.join('.')}: set protocol.id`;
    case 'push':
      return `a number is looked for at ${pathsOf(protocol.pushes)}: set protocol.sequence`;
    case 'module':
      return 'decode finds no id that encode was given';
    default:
      return unreachable(protocol);
  }
}

function pathsOf({ sequence, channel }: Numbering): string {
  return channel === null ? sequence.join('.') : `${sequence.join('.')} with a channel at ${channel.join('.')}`;
}
