import { Sign } from './sign.tsx';

/** What each stage and outcome looks like: a sign beside its word, so that colour is never alone. */
const signs: Readonly<Record<string, readonly [sign: string, tone: string]>> = {
  Waiting: ['◌', 'quiet'],
  Initializing: ['◔', 'active'],
  Running: ['◑', 'active'],
  Finishing: ['◕', 'active'],
  Completed: ['●', 'quiet'],
  Promoted: ['✓', 'good'],
  Concluded: ['●', 'quiet'],
  RolledBack: ['↩', 'warning'],
  Aborted: ['■', 'warning'],
  Failed: ['✗', 'bad'],
  Stopped: ['■', 'bad'],
};

/** A stage or outcome in words. */
export function stateWords(state: string): string {
  return state === 'RolledBack' ? 'Rolled back' : state;
}

interface BadgeProps {
  readonly stage: string | undefined;
  readonly outcome: string | undefined;
  /** Whether the workflow has ended. */
  readonly isClosed: boolean;
}

/** Outcome, or stage while there is none; a run that has ended without one was stopped. */
export function Badge({ stage, outcome, isClosed }: BadgeProps) {
  const state = outcome ?? (isClosed ? 'Stopped' : stage);
  if (state === undefined) return <span class="badge quiet">unknown</span>;
  const [sign, tone] = (Object.hasOwn(signs, state) ? signs[state] : undefined) ?? ['', 'quiet'];
  return <Sign sign={sign} words={stateWords(state)} tone={tone} />;
}
