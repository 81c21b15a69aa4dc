// The live view's facts: what is known of a run while it goes, once a second.

export type Phase = 'starting' | 'connecting' | 'sending' | 'draining';

/** A rule as it stands by what is known so far. */
export interface LiveRule {
  readonly expression: string;
  /** `undecided`: too little is known yet. `atEnd`: it is judged when the run has ended, by facts that are not known before. */
  readonly state: 'pass' | 'fail' | 'undecided' | 'atEnd';
  /** Empty where nothing has been observed. */
  readonly observedText: string;
}

export interface LiveFigures {
  /** Of the plan. */
  readonly name: string;
  readonly phase: Phase;
  readonly elapsedSeconds: number;
  /** By plan, from the start of the run; null where it cannot be known yet. */
  readonly totalSeconds: number | null;
  readonly connectionsOpen: number;
  readonly connectionsPlanned: number;
  /** Of the last whole second, over all workers. */
  readonly sentPerSecond: number;
  readonly deliveredPerSecond: number;
  /** By clients that had not sent it: of other clients, or what the service said of its own accord. */
  readonly receivedPerSecond: number;
  readonly responseP50Ns: number | null;
  readonly responseP99Ns: number | null;
  /** Of the run so far. */
  readonly sent: number;
  readonly delivered: number;
  readonly unsent: number;
  readonly rejected: number;
  readonly duplicated: number;
  readonly reordered: number;
  readonly corrupted: number;
  readonly unexpected: number;
  readonly failedConnections: number;
  readonly droppedConnections: number;
  readonly sendLagP99Ns: number | null;
  /** Thresholds, then clauses of the contract; empty where the plan has none. */
  readonly rules: readonly LiveRule[];
}
