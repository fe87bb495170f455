import { noticeSeverities } from '../../core/experiment/notice.ts';
import type { WebhookChannel } from '../../formats/notices/receivers.ts';
import type { Delivery, Place, Sending } from './channel.ts';
import { post } from './post.ts';

/** Delivers a notice to a webhook, as a CloudEvent in structured mode (CloudEvents 1.0, HTTP protocol binding). */
export async function sendToWebhook(
  place: Place,
  { url, headers }: WebhookChannel,
  delivery: Delivery,
): Promise<Sending> {
  const given = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value.trim()]);
  const answer = await post({
    ...place,
    what: 'the webhook',
    url,
    headers: {
      ...Object.fromEntries(given),
      'content-type': 'application/cloudevents+json; charset=utf-8',
      'idempotency-key': delivery.key,
    },
    body: buildCloudEvent(delivery),
  });
  return answer.kind === 'answered' ? { kind: 'delivered' } : answer;
}

function buildCloudEvent({ notice, key, source, links, clusterName }: Delivery): object {
  const { event, atMs, what, why, next, facts } = notice;
  const { namespace, name, target, temporalNamespace, workflowId, firstRunId } = source;
  return {
    specversion: '1.0',
    id: key,
    source: `/temporal/${encodeURIComponent(temporalNamespace)}/${encodeURIComponent(workflowId)}`,
    type: `dev.serin.experiment.${event.toLowerCase()}`,
    subject: `${namespace}/${name}`,
    time: new Date(atMs).toISOString(),
    datacontenttype: 'application/json',
    data: {
      ...(clusterName === undefined ? {} : { cluster: clusterName }),
      namespace,
      experiment: name,
      target: `${target.namespace}/${target.name}`,
      workflowId,
      firstRunId,
      event,
      severity: noticeSeverities[event],
      what,
      why,
      ...(next === undefined ? {} : { next: { what: next.what, ...timeOf(next.atMs) } }),
      facts: Object.fromEntries(facts.map((fact) => [fact.name, fact.value])),
      links: links.map(({ url }) => url),
    },
  };
}

function timeOf(atMs: number | undefined): object {
  return atMs === undefined ? {} : { time: new Date(atMs).toISOString() };
}
