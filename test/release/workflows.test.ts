import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { load } from 'js-yaml';
import { describe, expect, test } from 'vitest';

/** The part of a workflow of the forge that these tests read. */
interface Workflow {
  readonly permissions: unknown;
  readonly jobs: Readonly<Record<string, { readonly steps: readonly Step[] }>>;
}

interface Step {
  readonly uses?: string;
  readonly run?: string;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = `${root}/.github/workflows`;
const { scripts } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as { scripts: Record<string, string> };

describe.each(readdirSync(folder))('the workflow %s', (name) => {
  const workflow = load(readFileSync(`${folder}/${name}`, 'utf8')) as Workflow;
  const steps = Object.values(workflow.jobs).flatMap((job) => job.steps);

  test('runs nothing but scripts of this repository, which run anywhere', () => {
    for (const command of steps.flatMap(({ run }) => run ?? [])) expect(isOwnScript(command), command).toBe(true);
  });

  test('pins what it uses of others by commit', () => {
    for (const used of steps.flatMap(({ uses }) => uses ?? [])) expect(used).toMatch(/@[0-9a-f]{40}$/);
  });

  test('may do nothing by default but read', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' });
  });
});

function isOwnScript(command: string): boolean {
  if (command === 'npm ci') return true;
  const [, script] = /^npm run ([\w:]+)/.exec(command) ?? [];
  return script === undefined ? existsSync(`${root}/${command}`) : Object.hasOwn(scripts, script);
}
