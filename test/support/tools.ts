import { resolveTemporalTestServer, resolveTool } from '../../sandbox/index.ts';

/** The time-skipping Temporal server; undefined where the SDK's own download has to do. */
export async function timeSkippingServerPath(): Promise<string | undefined> {
  return resolveTemporalTestServer();
}

/** The Temporal CLI, which is also the development server. */
export async function temporalPath(): Promise<string> {
  return resolveTool('temporal');
}
