#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { basename } from 'node:path';
import process from 'node:process';
import { run } from './program.ts';
import { processDevice } from './terminal/terminal.ts';

/** The program as a plugin of others, which find it by its name: `temporal serin` runs `temporal-serin`. */
const pluginNames = ['temporal serin', 'kubectl serin'];

/** The name by which the user calls the program. */
function programName(path: string | undefined): string {
  const name = basename(path ?? 'serin').replace(/\.[cm]?[jt]s$/, '');
  return pluginNames.find((plugin) => plugin.replace(' ', '-') === name) ?? 'serin';
}

// Temporal's client is large: later commands find it compiled.
enableCompileCache();
process.exitCode = await run(process.argv.slice(2), processDevice(), programName(process.argv[1]));
