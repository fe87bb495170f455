import { formatObjectName } from '../core/experiment/experiment.ts';
import type { ObjectName } from '../core/experiment/experiment.ts';
import type { TemplatePart } from '../core/tasks/template.ts';
import { shownNever } from '../metrics/credentials.ts';
import { failure } from './failures.ts';
import type { ActivityCluster } from './knative/cluster.ts';
import { readSecretData } from './knative/secret-data.ts';

/** A secret's texts by key; only ever held by the activity that uses them. */
export interface Secret {
  /** The texts that must not be shown, also in the forms that headers have. */
  readonly values: readonly string[];
  /** Fails as `NotFound` where the secret has no such key. */
  readonly value: (key: string) => string;
}

/** The secret, read now; without a name, one without keys. Fails as `NotFound` when it does not exist. */
export async function readSecret(cluster: ActivityCluster, name: ObjectName | undefined): Promise<Secret> {
  if (name === undefined) return createSecret('(none)', {});
  const texts = await readSecretData(cluster, name);
  const shown = formatObjectName(name);
  if (texts === undefined) throw failure('NotFound', { message: `Secret ${shown} does not exist` });
  return createSecret(shown, texts);
}

/** The text with the secret's values in it. */
export function fillIn(parts: readonly TemplatePart[], secret: Secret): string {
  return parts.map((part) => (typeof part === 'string' ? part : secret.value(part.secret))).join('');
}

function createSecret(name: string, texts: Readonly<Record<string, string>>): Secret {
  return {
    values: shownNever(texts),
    value: (key) => {
      const text = Object.hasOwn(texts, key) ? texts[key] : undefined;
      if (text !== undefined) return text;
      throw failure('NotFound', { message: `Secret ${name} has no key ${key}` });
    },
  };
}
