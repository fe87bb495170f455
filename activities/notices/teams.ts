import { noticeSeverities } from '../../core/experiment/notice.ts';
import type { TeamsChannel } from '../../formats/notices/receivers.ts';
import { sourceTitle } from './channel.ts';
import type { Delivery, Place, Sending } from './channel.ts';
import { failed, post } from './post.ts';

/** Delivers a notice to Microsoft Teams, to the webhook of a workflow, as an Adaptive Card. */
export async function sendToTeams(place: Place, { url }: TeamsChannel, delivery: Delivery): Promise<Sending> {
  const answer = await post({ ...place, what: 'Teams', url, headers: {}, body: message(delivery) });
  if (answer.kind !== 'answered') return answer;
  // A connector of old answers 200 and says in the body that it could not deliver, such as for too many requests.
  const problem = /webhook message delivery failed.*/is.exec(answer.text);
  return problem === null ? { kind: 'delivered' } : failed(place.show(`Teams answered: ${problem[0]}`));
}

const colors = { info: 'Accent', warning: 'Warning', error: 'Attention' } as const;

function message(delivery: Delivery): object {
  const { notice, links } = delivery;
  const { next } = notice;
  const card = {
    type: 'AdaptiveCard',
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    version: '1.4',
    msteams: { width: 'Full' },
    body: [
      line(sourceTitle(delivery), { weight: 'Bolder', size: 'Medium' }),
      line(notice.what, { weight: 'Bolder', color: colors[noticeSeverities[notice.event]] }),
      ...(notice.why === '' ? [] : [line(notice.why)]),
      ...notice.facts.map(({ name, value }) => line(`${name}: ${value}`, { isSubtle: true })),
      ...(next === undefined ? [] : [line(`next: ${next.what}${formatAt(next.atMs)}`, { isSubtle: true })]),
    ],
    actions: links.map(({ title, url }) => ({ type: 'Action.OpenUrl', title, url })),
  };
  return {
    type: 'message',
    summary: `${sourceTitle(delivery)}: ${notice.what}`,
    attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content: card }],
  };
}

/** Text in which nothing is Markdown, which a plain block of text would read. */
function line(text: string, style: object = {}): object {
  return { type: 'RichTextBlock', inlines: [{ type: 'TextRun', text, ...style }] };
}

function formatAt(atMs: number | undefined): string {
  return atMs === undefined ? '' : ` at ${new Date(atMs).toISOString()}`;
}
