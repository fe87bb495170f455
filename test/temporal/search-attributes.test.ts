import { expect, test } from 'vitest';
import {
  createAttributesCommand,
  missingSearchAttributes,
  registerSearchAttributes,
} from '../../temporal/search-attributes.ts';
import { startServerEnvironment } from '../support/workflow-environment.ts';

test('an attribute of another type is missing, and the command registers it as the Temporal CLI spells it', () => {
  const registered = { SerinTarget: 2, SerinStage: 1, SerinOutcome: 2 };
  const missing = missingSearchAttributes(registered);
  expect(missing.map(({ name }) => name)).toEqual(['SerinStage', 'SerinCandidateWeight']);
  expect(createAttributesCommand('prod', missing)).toBe(
    'temporal operator search-attribute create --namespace prod --name SerinStage --type Keyword --name SerinCandidateWeight --type Int',
  );
});

test('those that are missing are registered with their types, once', async () => {
  const { env, teardown } = await startServerEnvironment(['--search-attribute', 'SerinTarget=Keyword']);
  const { client, address } = env;
  const [service, namespace] = [{ client, address, namespace: 'default' }, 'default'];
  const missing = async () => {
    const { customAttributes } = await env.connection.operatorService.listSearchAttributes({ namespace });
    return missingSearchAttributes(customAttributes).map(({ name }) => name);
  };
  expect(await missing()).toEqual(['SerinStage', 'SerinOutcome', 'SerinCandidateWeight']);
  await registerSearchAttributes(service);
  await registerSearchAttributes(service);
  expect(await missing()).toEqual([]);
  await teardown();
});
