import type { MetricName } from '../experiment/metric.ts';
import { metricFacts } from '../experiment/metric.ts';

/** A value beside the limit it was compared with. */
export interface Comparison {
  readonly metric: MetricName;
  readonly value: number;
  readonly relation: '>' | '>=' | '<' | '<=';
  readonly limit: number;
}

/**
 * Formats a comparison, `error-rate 0.031 > limit 0.010`: both numbers have the same decimals, as many as the limit
 * has and as the difference needs, so that what is shown is what was compared.
 */
export function formatComparison({ metric, value, relation, limit }: Comparison): string {
  const decimals = decimalsFor(metric, value, limit);
  const unit = unitSuffix(metric);
  return `${metric} ${value.toFixed(decimals)}${unit} ${relation} limit ${limit.toFixed(decimals)}${unit}`;
}

/** Formats a value or limit by itself, with the metric's usual decimals or as many as it has. */
export function formatMetric(metric: MetricName, value: number): string {
  return `${value.toFixed(decimalsFor(metric, value, value))}${unitSuffix(metric)}`;
}

/** Formats two values with the metric's usual decimals, or as many as distinguish them, so that a decisive difference shows. */
export function formatPair(metric: MetricName, [one, other]: readonly [number, number]): readonly [string, string] {
  let { decimals } = metricFacts(metric);
  while (decimals < mostDecimals && !isDistinguishable(one, other, decimals)) decimals += 1;
  const unit = unitSuffix(metric);
  return [`${one.toFixed(decimals)}${unit}`, `${other.toFixed(decimals)}${unit}`];
}

const mostDecimals = 20;

function unitSuffix(metric: MetricName): string {
  return metricFacts(metric).units === 'milliseconds' ? ' ms' : '';
}

function isDistinguishable(one: number, other: number, decimals: number): boolean {
  return one === other || one.toFixed(decimals) !== other.toFixed(decimals);
}

function decimalsFor(metric: MetricName, value: number, limit: number): number {
  let { decimals } = metricFacts(metric);
  while (decimals < mostDecimals && !isFaithful(value, limit, decimals)) decimals += 1;
  return decimals;
}

function isFaithful(value: number, limit: number, decimals: number): boolean {
  const shownLimit = Number(limit.toFixed(decimals));
  return shownLimit === limit && (value === limit || Number(value.toFixed(decimals)) !== limit);
}
