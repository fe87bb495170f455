import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Base } from '../base.ts';

/** Asks a Temporal server whether it is healthy; fails where it is not. */
export async function requireHealth(base: Base, address: string): Promise<void> {
  await operate(base, address, ['cluster', 'health', '--command-timeout', '2s']);
}

/** Fails where the server does not know the namespace, as for a while after it was started. */
export async function requireNamespace(base: Base, address: string, namespace: string): Promise<void> {
  await operate(base, address, ['namespace', 'describe', '--namespace', namespace, '--command-timeout', '2s']);
}

export async function addNamespace(base: Base, address: string, namespace: string): Promise<void> {
  await operate(base, address, ['namespace', 'create', '--namespace', namespace]);
}

/** Registers the search attributes that serin's workflows set. */
export async function addSearchAttributes(base: Base, address: string, namespace: string): Promise<void> {
  const pairs = Object.entries(searchAttributes).flatMap(([name, type]) => ['--name', name, '--type', type]);
  await operate(base, address, ['search-attribute', 'create', '--namespace', namespace, ...pairs]);
}

/** The search attributes that serin's workflows set where they exist. */
const searchAttributes = {
  SerinTarget: 'Keyword',
  SerinStage: 'Keyword',
  SerinOutcome: 'Keyword',
  SerinCandidateWeight: 'Int',
} as const;

async function operate({ tools }: Base, address: string, command: readonly string[]): Promise<void> {
  await promisify(execFile)(tools.temporal, ['operator', ...command, '--address', address]);
}
