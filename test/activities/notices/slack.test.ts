import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Outbox } from '../../../core/planner/outbox.ts';
import { aNotice, progressOf, send } from './notices.ts';
import { startSlackServer } from './slack-server.ts';
import type { SlackServer } from './slack-server.ts';

let slack: SlackServer;
beforeEach(async () => {
  slack = await startSlackServer('xoxb-secret');
});
afterEach(() => slack.close());

const receivers = 'receivers: [{name: team, slack: {channel: "#releases", token: xoxb-secret}}]';
const sendHere = (numbers: readonly number[], progress: Outbox['receivers'] = {}) =>
  send(
    receivers,
    numbers.map((number) => aNotice(number, number === 1 ? 'Started' : 'Blind')),
    { slackUrl: slack.url, receivers: progress },
  );

test('an experiment is one thread, whose first message is edited to show how it is now', async () => {
  const first = await sendHere([1]);
  expect(first).toEqual({
    receivers: { team: { delivered: 1, thread: expect.stringMatching(/^C024BE91L\/\d+\.\d+$/) } },
    lost: [],
  });
  const second = await sendHere([1, 2, 3], progressOf(first));
  expect(progressOf(second)).toEqual({ team: { ...first.receivers['team'], delivered: 3 } });
  const [root, ...replies] = slack.messages;
  expect(root).toMatchObject({ edits: 2, text: 'prod-eu: shop/checkout-2: Blind happened' });
  expect(replies.map(({ thread, edits }) => ({ thread, edits }))).toEqual([
    { thread: root?.ts, edits: 0 },
    { thread: root?.ts, edits: 0 },
  ]);
  const shown = JSON.stringify(root?.blocks);
  expect(shown).toContain('"url":"https://serin.example.com/base/experiment?id=experiment%2Fshop%2Fcheckout-2"');
  expect(shown).toContain('target\\nshop/checkout');
  // As text, which nobody is called by.
  expect(shown).toContain('{"type":"plain_text","text":"because of <!channel> & *3*"');
});

test('what is said in Slack is text: nobody is mentioned, not even in notifications', async () => {
  await send(receivers, [aNotice(1, 'Started', { what: '<!channel> now' })], { slackUrl: slack.url });
  expect(slack.messages[0]?.text).toBe('prod-eu: shop/checkout-2: &lt;!channel&gt; now');
});

test('too many requests wait for as long as Slack says, and nothing comes twice', async () => {
  slack.errors.push('ratelimited');
  const first = await sendHere([1]);
  expect(first).toMatchObject({
    receivers: {
      team: { delivered: 0, failed: { why: expect.stringMatching(/^Slack answered 429/), retryAfterMs: 30_000 } },
    },
  });
  const second = await sendHere([1], progressOf(first));
  slack.errors.push('internal_error');
  const third = await sendHere([1, 2], progressOf(second));
  expect(third).toMatchObject({ receivers: { team: { delivered: 1, failed: { why: expect.any(String) } } } });
  await sendHere([1, 2], progressOf(third));
  expect(slack.messages.map(({ text }) => text)).toEqual([
    'prod-eu: shop/checkout-2: Blind happened',
    'prod-eu: shop/checkout-2: Blind happened',
  ]);
});

test('where the first message was deleted, the experiment gets another one', async () => {
  const first = await sendHere([1]);
  slack.messages.length = 0;
  const second = await sendHere([2], progressOf(first));
  expect(second).toMatchObject({ receivers: { team: { delivered: 2 } }, lost: [] });
  expect(second.receivers['team']?.thread).not.toBe(first.receivers['team']?.thread);
  expect(slack.messages).toHaveLength(1);
});

test('what a worker that was lost has delivered is not delivered again', async () => {
  const first = await sendHere([1]);
  const again = await send(receivers, [aNotice(1, 'Started')], { slackUrl: slack.url, before: progressOf(first) });
  expect(again).toEqual(first);
  expect(slack.messages).toHaveLength(1);
});

test('what Slack refuses is given up and told, without the token', async () => {
  slack.errors.push('not_in_channel');
  expect(await sendHere([1])).toMatchObject({
    receivers: { team: { delivered: 1 } },
    lost: ['the notice Started was not delivered to team: Slack refused chat.postMessage: not_in_channel'],
  });
});

test('long words fit into the blocks of Slack', async () => {
  const facts = Array.from({ length: 12 }, (_, index) => ({ name: `candidate ${index}`, value: 'x'.repeat(3_000) }));
  const notice = aNotice(1, 'Started', { what: 'w'.repeat(200), why: 'y'.repeat(1_500), facts });
  expect(await send(receivers, [notice], { slackUrl: slack.url, clusterName: 'c'.repeat(60) })).toMatchObject({
    lost: [],
  });
  expect(slack.messages).toHaveLength(1);
});
