import type { Fault } from '../index.ts';

/** The faults that the demo's candidate can have. */
const faults = {
  errors: { kind: 'errors', rate: 0.2 },
  latency: { kind: 'latency', addedMs: 200, spreadMs: 50 },
  hang: { kind: 'hang' },
} as const satisfies Readonly<Record<string, Fault>>;

export const choices = Object.keys(faults);

/** The fault of that name; none without a name. Throws with the choices for any other. */
export function readFault(name: string | undefined): Fault | undefined {
  if (name === undefined) return undefined;
  const found = Object.entries(faults).find(([key]) => key === name);
  if (found === undefined) throw new Error(`--fault ${name}: expected one of ${choices.join(', ')}`);
  return found[1];
}
