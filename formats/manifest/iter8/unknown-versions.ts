import type { Experiment, TestingPattern, Version } from '../../../core/experiment/experiment.ts';

/** The versions of a manifest that names none: the preflight finds their revisions. */
export function unknownVersions(pattern: TestingPattern): Pick<Experiment, 'baseline' | 'candidates' | 'discovers'> {
  const unknown = (name: string): Version => ({ name, revision: '', variables: {} });
  const candidates = pattern === 'Conformance' ? [] : [unknown('candidate')];
  return { baseline: unknown('baseline'), candidates, discovers: true };
}
