import { expect, test } from 'vitest';
import type { HttpSource } from '../../core/experiment/metric-definition.ts';
import { unknownPlaceholders } from '../../metrics/providers.ts';

test('placeholders that nothing fills in are found in parameters and body, not in what the secret fills in', () => {
  const source: HttpSource = {
    kind: 'http',
    method: 'POST',
    urlTemplate: 'https://example.test/$token',
    headers: [{ name: 'Authorization', value: 'Bearer $token' }],
    params: [{ name: 'q', value: '$revision of $tenant' }],
    body: '{"since": "$since"}',
    jqExpression: '.value',
  };
  const version = { name: 'candidate', variables: { revision: 'app-v2' } };
  expect(unknownPlaceholders(source, version)).toEqual(['tenant', 'since']);
});
