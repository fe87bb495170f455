#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { enableCompileCache } from 'node:module';

// Temporal's client is large: later commands find it compiled.
enableCompileCache();
// A checkout has the sources, which run as they are; the package has what is built of them.
const source = new URL('../client/serin.ts', import.meta.url);
await import(existsSync(source) ? source.href : '../dist/client/serin.js');
