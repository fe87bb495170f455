import { createServer, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { listen, type Listening } from '../processes/listen.ts';
import type { Sandbox } from '../sandbox.ts';
import type { ControlRequest, OutageAction, OutagePart } from './request.ts';

/** Lets other processes of this machine set faults and outages: `POST /` with a `ControlRequest`. */
export function serveControl(sandbox: Sandbox): Promise<Listening> {
  const server = createServer((request, response) => {
    handle(sandbox, request).then(
      () => response.writeHead(204).end(),
      (error: unknown) => response.writeHead(500).end(`${error instanceof Error ? error.message : String(error)}\n`),
    );
  });
  return listen(server);
}

async function handle(sandbox: Sandbox, incoming: IncomingMessage): Promise<void> {
  // Written by control/client.ts of the same checkout.
  const request = JSON.parse(await text(incoming)) as ControlRequest;
  switch (request.kind) {
    case 'faults':
      await sandbox.setFaults(request.revision, request.faults);
      return;
    case 'outage':
      await takeAway(sandbox, request.part, request.action);
      return;
  }
}

async function takeAway({ outages }: Sandbox, part: OutagePart, action: OutageAction): Promise<void> {
  const outage = { 'api-server': outages.apiServer, prometheus: outages.prometheus, temporal: outages.temporal }[part];
  await outage[action]();
}
