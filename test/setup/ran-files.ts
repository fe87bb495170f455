import { relative } from 'node:path';
import { expect, inject } from 'vitest';
import { noteFile } from '../support/audit.ts';

/** Loaded before each file on the sandbox: what did not run cannot have used the rights that it needs. */
await noteFile(inject('auditDirectory'), relative(process.cwd(), expect.getState().testPath ?? ''));
