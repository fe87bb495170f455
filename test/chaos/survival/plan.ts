import { seededRandom } from '../../../core/offline/random.ts';
import type { Random } from '../../../core/offline/random.ts';
import { helmKilled, operatorKilled } from './disturbances.ts';

/** What a run is about. */
export interface Course {
  /** Its outcome where nothing disturbs it. */
  readonly endsAs: string;
  /** A workflow that somebody starts, or an Experiment that an operator finds. */
  readonly begins: 'workflow' | 'object';
  readonly isBad: boolean;
  readonly people?: 'abort' | 'approve' | 'delete';
}

export const courses: Readonly<Record<string, Course>> = {
  good: { endsAs: 'Promoted', begins: 'workflow', isBad: false },
  bad: { endsAs: 'RolledBack', begins: 'workflow', isBad: true },
  aborted: { endsAs: 'Aborted', begins: 'workflow', isBad: false, people: 'abort' },
  approved: { endsAs: 'Promoted', begins: 'workflow', isBad: false, people: 'approve' },
  applied: { endsAs: 'Promoted', begins: 'object', isBad: false },
  deleted: { endsAs: 'Aborted', begins: 'object', isBad: false, people: 'delete' },
};

/** What happens to a run, and when; names of the two tables. */
export interface Incident {
  readonly disturbance: string;
  readonly moment: string;
}

/** A run that a seed determines. */
export interface RunPlan {
  readonly number: number;
  /** By its name. */
  readonly course: string;
  readonly incidents: readonly Incident[];
  readonly random: Random;
}

/** What can happen, and when, by name. */
export interface Possibilities {
  readonly disturbances: readonly string[];
  readonly moments: readonly string[];
}

/** Every disturbance in turn, and beside it another one in every second run; the rest is by chance. */
export function planRun(seed: number, number: number, { disturbances: names, moments }: Possibilities): RunPlan {
  const random = seededRandom(seed * 1_000_003 + number);
  const first = names[number % names.length] ?? '';
  const course = pick(coursesWith(first), random);
  const drawn = random() < 0.5 ? [first] : [first, pick(names, random)];
  const incidents = drawn.map((disturbance) => {
    return {
      disturbance,
      moment: pick(
        moments.filter((moment) => isPossible(moment, disturbance, course)),
        random,
      ),
    };
  });
  return { number, course, incidents, random };
}

/** Only some runs have a helm, or an operator, to kill. */
function coursesWith(disturbance: string): readonly string[] {
  const names = Object.keys(courses);
  if (disturbance === helmKilled) return names.filter((name) => courses[name]?.endsAs === 'Promoted');
  if (disturbance === operatorKilled) return names.filter((name) => courses[name]?.begins === 'object');
  return names;
}

function isPossible(moment: string, disturbance: string, course: string): boolean {
  if (disturbance === helmKilled) return moment === 'in runHelm';
  // Of an abort no finish action runs.
  return courses[course]?.endsAs !== 'Aborted' || !/compareRendered|runHelm|verifyTarget/.test(moment);
}

function pick<T>(values: readonly T[], random: Random): T {
  const value = values[Math.floor(random() * values.length)];
  if (value === undefined) throw new Error('expected a value');
  return value;
}
