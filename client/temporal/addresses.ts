import { defaultPort } from '../../temporal/settings.ts';
import type { TemporalPlace } from '../../temporal/settings.ts';

/**
 * The address of a run in Temporal's Web UI; undefined where it is not known. It is known for Temporal Cloud and for the
 * development server, whose UI listens 1000 ports above it; `SERIN_WEB_UI` sets any other, such as
 * `https://temporal.example.com`.
 */
export function webUiAddress(
  { address, namespace }: TemporalPlace,
  { workflowId, runId }: { readonly workflowId: string; readonly runId: string },
  configured: string | undefined = process.env['SERIN_WEB_UI'],
): string | undefined {
  const base = configured?.replace(/\/$/, '') ?? webUiBase(address);
  if (base === undefined) return undefined;
  const path = [namespace, 'workflows', workflowId, runId].map(encodeURIComponent).join('/');
  return `${base}/namespaces/${path}/history`;
}

function webUiBase(address: string): string | undefined {
  const [host = '', port = defaultPort] = address.split(':');
  if (host.endsWith('.tmprl.cloud')) return 'https://cloud.temporal.io';
  return host === 'localhost' || host === '127.0.0.1' ? `http://${host}:${Number(port) + 1000}` : undefined;
}
