#!/usr/bin/env node
import { existsSync } from 'node:fs';
import nodeModule from 'node:module';

const { node } = process.versions;
const [major, minor] = node.split('.').map(Number);
// What is imported below cannot even be read by older ones.
if (major < 22 || (major === 22 && minor < 19)) {
  process.stderr.write(`serin: expected Node 22.19 or newer, got ${node}\n`);
  process.exit(2);
}

// Temporal's client is large: later commands find it compiled.
nodeModule.enableCompileCache();
// A checkout has the sources, which run as they are; the package has what is built of them.
const source = new URL('../client/serin.ts', import.meta.url);
await import(existsSync(source) ? source.href : '../dist/client/serin.js');
