import type { ControlRequest } from './request.ts';

/**
 * Sends a request to the sandbox whose control address is in `SANDBOX_CONTROL_URL`. Rejects with the sandbox's message when
 * it refuses.
 */
export async function sendControlRequest(request: ControlRequest): Promise<void> {
  const url = process.env['SANDBOX_CONTROL_URL'];
  if (url === undefined) throw new Error('SANDBOX_CONTROL_URL is not set: `npm run sandbox` prints it');
  await postControlRequest(url, request);
}

/** The same at a known address; returns when it is carried out. */
export async function postControlRequest(url: string, request: ControlRequest): Promise<void> {
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(request) });
  if (!response.ok) throw new Error((await response.text()).trim());
}

/** Runs a command line program: its error goes to standard error, and its exit code becomes 1. */
export async function main(program: () => Promise<void>): Promise<void> {
  try {
    await program();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
