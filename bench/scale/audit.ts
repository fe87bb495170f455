import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

/** A request of a worker, as the API server's audit log has it. */
interface AuditEvent {
  readonly verb: string;
  readonly requestReceivedTimestamp: string;
  readonly objectRef?: { readonly resource?: string; readonly subresource?: string };
}

/** How many requests the workers have made of each kind, such as `get services`, between two moments. */
export async function countRequests(
  auditLog: string,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for await (const line of createInterface({ input: createReadStream(auditLog) })) {
    // The API server's own format.
    const { verb, requestReceivedTimestamp, objectRef } = JSON.parse(line) as AuditEvent;
    const atMs = Date.parse(requestReceivedTimestamp);
    if (atMs < fromMs || atMs > toMs) continue;
    const kind = `${verb} ${objectRef?.resource ?? 'other'}`;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}
