export { connectSandbox, shareSandbox } from './connect.ts';
export type { SandboxReference } from './connect.ts';
export { startSandbox } from './start.ts';
export type { Sandbox } from './sandbox.ts';
export type { Fault } from './faults/fault.ts';
export type { LoadResult } from './load/fortio.ts';
export type { SupervisedProcess } from './processes/supervision.ts';
export type { SampleRequest, SampleTarget } from './samples/deploy.ts';
export { resolveTemporalTestServer, resolveTool } from './tools/resolve.ts';
