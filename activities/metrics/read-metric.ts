import type { MetricReading } from '../../core/experiment/metric-definition.ts';
import { metricVariables, plainCharacters } from '../../core/measurements/placeholders.ts';
import { readSource, unfitVariables, unknownPlaceholders } from '../../metrics/providers.ts';
import { blind, unavailable } from '../../metrics/providers/provider.ts';
import type { MetricBackEnds, MetricQuestion } from '../../metrics/providers/provider.ts';
import { Unmeasured } from '../../metrics/unmeasured.ts';
import { innermostMessage } from '../failures.ts';

/** Reads one metric of one version. A failure is data, whose reason shows no secret; only an abort is thrown. */
export async function readMetric(question: MetricQuestion, backEnds: MetricBackEnds): Promise<MetricReading> {
  const { definition, version, signal } = question;
  const unknown = unknownPlaceholders(definition.source, version);
  if (unknown.length > 0) return blind(describeUnknown(unknown, question));
  const unfit = unfitVariables(definition.source, version);
  if (unfit.length > 0) return blind(describeUnfit(unfit, version.name));
  try {
    return await readSource(definition.source, { ...question, backEnds });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Unmeasured && error.kind === 'error') return unavailable(error.message);
    return blind(innermostMessage(error));
  }
}

/** Why no answer of the back end to the query can ever be used, in its own words; undefined where there is no such reason. */
export async function findMistake(question: MetricQuestion, backEnds: MetricBackEnds): Promise<string | undefined> {
  try {
    await readSource(question.definition.source, { ...question, backEnds });
    return undefined;
  } catch (error) {
    question.signal.throwIfAborted();
    return error instanceof Unmeasured && !error.mayPass ? error.message : undefined;
  }
}

/** What is wrong with the values of a version's variables, for people. */
export function describeUnfit(names: readonly string[], version: string): string {
  const listed = names.map((name) => `$${name}`).join(', ');
  return `version ${version} has a value of ${listed} that could change the query: a value may have ${plainCharacters}`;
}

function describeUnknown(unknown: readonly string[], { version, elapsedMs }: MetricQuestion): string {
  const names = unknown.map((name) => `$${name}`).join(', ');
  const known = Object.keys(metricVariables(version, elapsedMs)).map((name) => `$${name}`);
  return `nothing to put for ${names}; version ${version.name} has ${known.join(', ')}`;
}
