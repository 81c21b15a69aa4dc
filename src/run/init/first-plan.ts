// The use case of `highwater init`: look at a service, recognize what it is, ask the user a little, write a plan for it.
// Nothing is sent without consent but what the user gave to be said first; nobody is asked where nobody sits.

import type { FirstPlan } from '../../analysis/discover/first-plan.ts';
import { type Recognition, recognize } from '../../analysis/discover/recognize.ts';
import { shapeOf, USUAL_SHAPES } from '../../analysis/discover/test-messages.ts';
import type { Shape } from '../../analysis/discover/transcript.ts';
import type { Clock } from '../../engine/clock.ts';
import { type Plan, REFERENCE_TARGET } from '../../plan/plan.ts';
import { redactExcerpt, redactText } from '../../plan/redact.ts';
import { createSecretPlaces } from '../../plan/templates/placeholders.ts';
import { NS_PER_SECOND } from '../../units/duration.ts';
import type { NonEmpty } from '../../units/non-empty.ts';
import type { HostEnvironment, OpenSimpleClient, Prompter, TargetHost } from '../ports.ts';
import { prepare, withReferenceAt } from '../preflight/prepare.ts';
import { unusedProxy } from '../preflight/proxy-environment.ts';
import { checkTlsFiles } from '../run-plan.ts';
import { discover } from './discover.ts';
import { askForLoad, type GivenAnswers } from './prompts.ts';

export interface FirstPlanPorts {
  readonly openSimpleClient: OpenSimpleClient;
  readonly clock: Clock;
  readonly hostEnvironment: HostEnvironment;
  readonly targets: TargetHost;
  /** Eight hex digits that nobody else has. */
  newNonce(): string;
}

export interface FirstPlanRequest {
  /** What the flags make: for its target, and the protocol's `join` and `send`. */
  readonly plan: Plan;
  readonly secrets: readonly string[];
  /** The same as typed, with its placeholders: what may be written down. */
  readonly written: FirstPlan['target'];
  readonly join: readonly object[];
  /** A message of the user's own, to ask with in place of the usual ones; null where there is none. */
  readonly send: Readonly<Record<string, unknown>> | null;
  readonly given: GivenAnswers;
  /** How long the service is listened to before it is asked anything. */
  readonly watchNs: number;
  /** `yes` consents and takes the defaults. */
  readonly consent: 'yes' | 'ask' | 'no';
  /** Null where nobody can be asked. */
  readonly prompter: Prompter | null;
  readonly signal: AbortSignal;
  readonly inform: (text: string) => void;
}

/** A first look is over soon, and takes no large messages. */
const LOOK = {
  connectTimeoutNs: 5 * NS_PER_SECOND,
  handshakeTimeoutNs: 5 * NS_PER_SECOND,
  maxMessageBytes: 1024 ** 2,
  maxBufferedBytes: 64 * 1024,
} as const;

const CONSENT = `May Highwater send up to 12 small test messages, such as {"type":"echo","id":"...","text":"..."}, to see the replies and whether a second connection receives them?`;

/** Throws TARGET_UNREACHABLE, PLAN_INVALID, TLS_FILE_UNREADABLE; the signal's reason when called off. */
export async function makeFirstPlan(request: FirstPlanRequest, ports: FirstPlanPorts): Promise<FirstPlan> {
  const { plan, secrets, prompter } = request;
  await checkTlsFiles(plan, ports.hostEnvironment);
  const recognition = withoutSecrets(await look(request, ports), secrets);
  const answers = await askForLoad(
    request.given,
    recognition,
    request.consent === 'yes' ? null : prompter,
    // After the host, which may come from the environment.
    redactText(plan.name, secrets),
  );
  const places = createSecretPlaces();
  const { written } = request;
  return {
    ...answers,
    recognition: withHiddenSend(recognition, places.message),
    target: {
      ...written,
      url: places.url(written.url),
      headers: Object.fromEntries(
        Object.entries(written.headers).map(([name, value]) => [name, places.header(name, value)]),
      ),
    },
    join: request.join.map((message) => places.message(message)),
    variables: places.variables,
  };
}

async function look(request: FirstPlanRequest, ports: FirstPlanPorts): Promise<Recognition> {
  const { plan, inform } = request;
  const reference = plan.target.urls.includes(REFERENCE_TARGET) ? await ports.targets.start() : null;
  try {
    const placed = reference === null ? plan : withReferenceAt(plan, reference.url);
    const { addresses } = await prepare(placed, ports.hostEnvironment);
    inform('Listening for messages from the service ...');
    const transcript = await discover({
      plan: { ...placed, target: { ...placed.target, ...LOOK } },
      addresses,
      join: placed.protocol.kind === 'json' ? placed.protocol.join.map(forFirstClient) : [],
      watchNs: request.watchNs,
      asking: { shapes: shapesOf(request), isGiven: request.send !== null, nonce: ports.newNonce() },
      secrets: request.secrets,
      unusedProxy: unusedProxy(placed.target.urls, ports.hostEnvironment.environment()),
      openSimpleClient: ports.openSimpleClient,
      clock: ports.clock,
      signal: request.signal,
      maySend: () => maySend(request),
    });
    return recognize(transcript);
  } finally {
    await reference?.stop();
  }
}

async function maySend({ consent, prompter, inform }: FirstPlanRequest): Promise<boolean> {
  const isAllowed = consent === 'yes' || (consent === 'ask' && prompter !== null && (await prompter.confirm(CONSENT)));
  if (isAllowed) inform('Sending test messages ...');
  else
    inform(
      'Nothing was sent to the service, so the plan is based only on what it sent. To send test messages, use --yes.',
    );
  return isAllowed;
}

function shapesOf({ plan, send }: FirstPlanRequest): readonly Shape[] {
  if (send === null || plan.protocol.kind !== 'json') return USUAL_SHAPES;
  return [{ ...shapeOf(send), template: plan.protocol.template }];
}

/** As client 0 says it. */
function forFirstClient(template: string): string {
  return template.replace(/"\$\{(?:client|room)\}"|\$\{(?:client|room)\}/g, '0');
}

function withHiddenSend(recognition: Recognition, hide: <T>(message: T) => T): Recognition {
  if (recognition.kind !== 'json') return recognition;
  return { ...recognition, service: { ...recognition.service, send: hide(recognition.service.send) } };
}

/** A service may repeat what it was told. */
function withoutSecrets(recognition: Recognition, secrets: readonly string[]): Recognition {
  const hide = (text: string): string => redactExcerpt(text, secrets);
  const [first, ...others] = recognition.evidence;
  const evidence: NonEmpty<string> = [hide(first), ...others.map(hide)];
  const { caveats, sample, login } = recognition;
  return {
    ...recognition,
    evidence,
    caveats: caveats.map(hide),
    sample: sample === null ? null : hide(sample),
    login: login === null ? null : { ...login, said: hide(login.said) },
  };
}
