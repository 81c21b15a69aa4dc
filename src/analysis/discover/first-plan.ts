// A first plan for a service, as data: what was recognized, and what the user answered. `report/first-plan/` writes it down.

import type { Variable } from '../../plan/templates/placeholders.ts';
import type { Recognition } from './recognize.ts';

export interface FirstPlan {
  readonly recognition: Recognition;
  readonly name: string;
  readonly target: {
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly subprotocols: readonly string[];
    readonly compression: boolean;
    readonly tls: Readonly<Record<string, string | boolean>>;
  };
  /** To be set before a run. */
  readonly variables: readonly Variable[];
  /** What a client says first. */
  readonly join: readonly object[];
  readonly connections: number;
  readonly rate: string;
  readonly duration: string;
  /** Null leaves it to the protocol. */
  readonly bytes: string | null;
  readonly rules: readonly string[];
}

/** Whether the plan has messages at all, and so response times. */
export function hasMessages({ kind }: Recognition): boolean {
  return kind === 'echo' || kind === 'json';
}
