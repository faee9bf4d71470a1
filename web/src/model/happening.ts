// What happened to an instance, in sentences.

/** A happening as the API gives it; `what` tells which of the other fields are there. */
export interface Happening {
  what: string;
  step?: string;
  way?: string;
  until?: string;
  event?: string;
  name?: string;
  journey?: string;
  call?: number;
  attempt?: number;
  action?: string;
  policy?: string;
  request?: {
    method: string;
    connection: string;
    path: string;
    headers: [string, string][];
    body?: [string, string];
    text?: string;
  };
  status?: number | string;
  body?: string;
  error?: { kind: string; reason: string; status?: number };
  again_at?: string;
  operation?: string;
  attribute?: string;
  value?: unknown;
  reason?: string;
}

/** How a happening is meant: it colours the line. */
export type Tone = 'good' | 'bad' | 'plain' | 'quiet';

export interface Sentence {
  text: string;
  tone: Tone;
}

/** A happening in one sentence. */
export function sentence(happening: Happening): Sentence {
  const { step = '', attempt = 1 } = happening;
  switch (happening.what) {
    case 'entered':
      return { text: 'Entered the journey', tone: 'good' };
    case 'queued':
      return { text: 'Waits until the one before it has ended', tone: 'plain' };
    case 'begun':
      return { text: 'Its turn has come', tone: 'plain' };
    case 'joined':
      return { text: 'Belongs to it from now on', tone: 'good' };
    case 'left':
      return { text: 'Belongs to it no more', tone: 'plain' };
    case 'reached':
      return { text: `Reached the goal: ${happening.name}`, tone: 'good' };
    case 'emitted':
      return { text: `Let ${happening.name} happen`, tone: 'plain' };
    case 'stops':
      return { text: `Stops ${happening.journey}`, tone: 'plain' };
    case 'passed':
      return { text: happening.way ? `Passed ${step}: ${happening.way}` : `Passed ${step}`, tone: 'quiet' };
    case 'waits':
      return {
        text: happening.until ? `Waits at ${step} until ${new Date(happening.until).toLocaleString()}` : `Waits at ${step}`,
        tone: 'plain',
      };
    case 'consumed':
      return { text: `The event ${happening.name} came`, tone: 'good' };
    case 'undecided':
      return { text: `A condition on the event ${happening.name} could not be decided: ${happening.reason}`, tone: 'bad' };
    case 'held-back':
      return {
        text: `Held back${happening.policy ? ` under ${happening.policy}` : ''}: ${happening.reason}`,
        tone: 'quiet',
      };
    case 'call-begun':
      return { text: `Calls ${happening.action}${attempt > 1 ? `, attempt ${attempt}` : ''}`, tone: 'plain' };
    case 'call-ended':
      return happening.error
        ? {
            text: `Attempt ${attempt} failed: ${happening.error.reason}${happening.again_at ? ', tries again' : ''}`,
            tone: 'bad',
          }
        : { text: `The partner answered ${happening.status}`, tone: 'good' };
    case 'set':
      return { text: `Set ${happening.attribute} to ${JSON.stringify(happening.value)}`, tone: 'plain' };
    case 'leaves':
      return { text: `Leaves${happening.reason ? `: ${happening.reason}` : ''}`, tone: 'plain' };
    case 'failed':
      return { text: `Failed at ${step}: ${happening.error?.reason ?? ''}`, tone: 'bad' };
    case 'operated':
      return { text: `An operator chose ${happening.operation}`, tone: 'plain' };
    case 'ended':
      return {
        text: `${capital(String(happening.status ?? 'ended'))}${happening.reason ? `: ${happening.reason}` : ''}`,
        tone: happening.status === 'failed' ? 'bad' : 'good',
      };
    default:
      return { text: happening.what, tone: 'plain' };
  }
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** What became of an event in a journey, in one sentence. */
export function outcomeSentence(outcome: { journey: string; outcome: string; reason?: string | null }): Sentence {
  const { journey, reason } = outcome;
  switch (outcome.outcome) {
    case 'entered':
      return { text: `Started ${journey}`, tone: 'good' };
    case 'queued':
      return { text: `Waits for its turn in ${journey}`, tone: 'good' };
    case 'reached':
      return { text: `Reached the goal of ${journey}`, tone: 'good' };
    case 'stayed-out':
      return { text: `Did not start ${journey}: ${reason}`, tone: 'bad' };
    case 'consumed':
      return { text: `Moved ${journey} on`, tone: 'good' };
    case 'kept':
      return { text: `Kept for a later wait of ${journey}`, tone: 'plain' };
    default:
      return { text: `Changed nothing in ${journey}${reason ? `: ${reason}` : ''}`, tone: 'quiet' };
  }
}
