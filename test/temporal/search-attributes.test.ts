import { expect, test } from 'vitest';
import { createAttributesCommand, missingSearchAttributes } from '../../temporal/search-attributes.ts';

test('an attribute of another type is missing, and the command registers it as the Temporal CLI spells it', () => {
  const registered = { SerinTarget: 2, SerinStage: 1, SerinOutcome: 2 };
  const missing = missingSearchAttributes(registered);
  expect(missing.map(({ name }) => name)).toEqual(['SerinStage', 'SerinCandidateWeight']);
  expect(createAttributesCommand('prod', missing)).toBe(
    'temporal operator search-attribute create --namespace prod --name SerinStage --type Keyword --name SerinCandidateWeight --type Int',
  );
});
