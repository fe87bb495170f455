import { expect, test } from 'vitest';
import type { z } from 'zod';
import { jsonSchemas } from '../../../formats/manifest/json-schema.ts';
import { shareField } from '../../../formats/document/share.ts';
import { durationField, trafficPercent } from '../../../formats/manifest/serin/values.ts';

/** A part of the published schema, by its properties and indexes. */
function part(name: string, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((inner, step) => {
    if (typeof inner !== 'object' || inner === null) throw new Error(`there is no ${step} in ${path.join('.')}`);
    return Object.entries(inner).find(([key]) => key === String(step))?.[1];
  }, jsonSchemas()[name]);
}

const native = 'serin.dev-v1alpha1-experiment';
const nativeSpec = ['properties', 'spec', 'properties'] as const;
const traffic = [...nativeSpec, 'traffic', 'properties'] as const;
const analysis = [...nativeSpec, 'analysis', 'properties'] as const;

const texts = ['20%', '20 %', ' 20.0% ', '020%', '100%', '0%', '101%', '2.5%', '2.%', '%', '', '20', '20  %', '-1%'];
const durations = ['', '90s', '1h30m', '1m500ms', '1h', '5ms', '30m1h', 'h', '5', '1h 5m', '-5s'];

test.each<[string, z.ZodType, readonly string[], readonly (string | number)[]]>([
  ['percents of the traffic', trafficPercent, texts, [...traffic, 'maximum', 'anyOf', 0, 'pattern']],
  ['shares', shareField, texts, [...analysis, 'tolerance', 'anyOf', 0, 'pattern']],
  ['durations', durationField, durations, [...nativeSpec, 'interval', 'pattern']],
])('%s are those that are read', (_, schema, given, path) => {
  const pattern = new RegExp(String(part(native, ...path)));
  const read = given.filter((text) => schema.safeParse(text).success);
  expect(given.filter((text) => pattern.test(text))).toEqual(read);
  expect(read.length).toBeGreaterThan(3);
});

test('fields that may be absent may be null, whatever they are', () => {
  expect(part(native, ...nativeSpec, 'interval', 'type')).toEqual(['string', 'null']);
  expect(part(native, ...nativeSpec, 'pattern', 'enum')).toContain(null);
  expect(part(native, ...traffic, 'maximum', 'anyOf')).toContainEqual({ type: 'null' });
  expect(part(native, ...analysis, 'tolerance', 'anyOf')).toContainEqual({ type: 'null' });
  expect(part(native, ...nativeSpec, 'traffic', 'type')).toEqual(['object', 'null']);
  const task = [...nativeSpec, 'actions', 'properties', 'start', 'items', 'properties'] as const;
  expect(part(native, ...task, 'if', 'type')).toEqual(['string', 'null']);
  const variables = [...nativeSpec, 'versions', 'properties', 'baseline', 'properties', 'variables'] as const;
  expect(part(native, ...variables, 'additionalProperties', 'type')).toEqual(['string', 'null']);
});

test('fields that must be there must not be null', () => {
  expect(part(native, ...nativeSpec, 'target', 'type')).toBe('string');
  expect(part(native, 'properties', 'spec', 'type')).toBe('object');
});

test("the layout of iter8's tutorial is known", () => {
  const spec = ['properties', 'spec', 'properties'] as const;
  const iter8 = 'iter8.tools-experiment';
  const versionInfo = [...spec, 'versionInfo', 'anyOf', 0] as const;
  expect(part(iter8, ...versionInfo, 'type')).toEqual(['object', 'null']);
  expect(part(iter8, ...spec, 'versionInfo', 'anyOf', 1)).toEqual({ type: 'object', maxProperties: 0 });
  for (const field of ['baseline', 'candidates']) {
    expect(part(iter8, ...spec, field, 'type')).toContain('null');
    expect(part(iter8, ...spec, field)).toMatchObject({ type: [expect.any(String), 'null'] });
  }
});
