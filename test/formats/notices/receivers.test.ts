import { describe, expect, test } from 'vitest';
import { readReceivers, secretsOf, wants } from '../../../formats/notices/receivers.ts';
import type { Receiver } from '../../../formats/notices/receivers.ts';

const all = `receivers:
- name: team
  slack: { channel: '#releases', token: xoxb-1 }
- name: pager
  severity: error
  webhook: { url: https://hooks.example.com/serin?key=k, headers: { Authorization: Bearer t } }
- name: office
  events: [Promoted, RolledBack]
  teams: { url: https://teams.example.com/workflows/w }
- name: list
  severity: warning
  email: { server: smtps://user:p%40ss@mail.example.com, from: serin@example.com, to: [sre@example.com] }
`;

function receivers(text: string): readonly Receiver[] {
  const reading = readReceivers(text);
  if (reading.kind === 'invalid') throw new Error(reading.problems.join('\n'));
  return reading.receivers;
}

function problems(text: string): readonly string[] {
  const reading = readReceivers(text);
  return reading.kind === 'invalid' ? reading.problems : [];
}

describe('receivers of notices', () => {
  test('are of four kinds', () => {
    expect(receivers(all)).toEqual([
      { name: 'team', severity: 'info', channel: { kind: 'slack', channel: '#releases', token: 'xoxb-1' } },
      {
        name: 'pager',
        severity: 'error',
        channel: {
          kind: 'webhook',
          url: 'https://hooks.example.com/serin?key=k',
          headers: { Authorization: 'Bearer t' },
        },
      },
      {
        name: 'office',
        severity: 'info',
        events: ['Promoted', 'RolledBack'],
        channel: { kind: 'teams', url: 'https://teams.example.com/workflows/w' },
      },
      {
        name: 'list',
        severity: 'warning',
        channel: {
          kind: 'email',
          server: 'smtps://user:p%40ss@mail.example.com',
          from: 'serin@example.com',
          to: ['sre@example.com'],
        },
      },
    ]);
  });

  test.each([
    ['receivers: [{name: a}]', 'line 1: receivers[0]: expected one of slack, teams, webhook, email'],
    [
      'receivers:\n- name: a\n  teams: {url: https://t.example.com}\n  slack: {channel: c, token: t}',
      'line 2: receivers[0]: expected one of slack, teams, webhook, email',
    ],
    [
      'receivers: [{name: a, teams: {url: "ftp://secret"}}]',
      'line 1: receivers[0].teams.url: expected an https or http URL',
    ],
    [
      'receivers: [{name: a, email: {server: "mail.secret", from: a@b.c, to: [a@b.c]}}]',
      'line 1: receivers[0].email.server: expected a URL such as smtps://user:password@mail.example.com:465, a % in it written as %25',
    ],
    [
      'receivers: [{name: a, email: {server: "smtp://m", from: a@b.c, to: ["a@b.c, secret@d.e"]}}]',
      'line 1: receivers[0].email.to[0]: expected a mail address',
    ],
    [
      'receivers: [{name: a, email: {server: "smtp://u:100%secret@m", from: a@b.c, to: [a@b.c]}}]',
      expect.stringContaining('a % in it written as %25'),
    ],
    ['receivers: [{name: a, slack: {channel: c}}]', 'line 1: receivers[0].slack.token: expected text'],
    ['receivers: [{name: a, slak: {}}]', expect.stringContaining('expected one of name, severity, events, slack')],
    [
      'receivers: [{name: a, severity: fatal, teams: {url: https://t}}]',
      expect.stringContaining('info or warning or error'),
    ],
    [
      'receivers: [{name: a, events: [Won], teams: {url: https://t}}]',
      expect.stringContaining('receivers[0].events[0]: expected Waiting or'),
    ],
    [
      'receivers: [{name: a, teams: {url: https://t}}, {name: a, teams: {url: https://t}}]',
      'line 1: receivers[1].name: expected a name that no other receiver has',
    ],
    ['receivers: [', expect.stringContaining('expected YAML or JSON')],
    ['', expect.stringContaining('expected')],
  ])('%s is refused, without showing what stands there', (text, problem) => {
    const found = problems(text);
    expect(found).toEqual(expect.arrayContaining([problem]));
    expect(found.join()).not.toContain('secret');
  });

  test('want what is as severe as they say, and of that the events that they name', () => {
    const [team, pager, office, list] = receivers(all);
    const wanted = (['Started', 'Suspect', 'RolledBack', 'Promoted'] as const).map((event) =>
      [team, pager, office, list].map((receiver) => receiver !== undefined && wants(receiver, event)),
    );
    expect(wanted).toEqual([
      [true, false, false, false],
      [true, false, false, true],
      [true, true, true, true],
      [true, false, true, false],
    ]);
  });

  test('have secrets, which are known', () => {
    const [team, pager, office, list] = receivers(all).map(secretsOf);
    expect(team).toEqual(['xoxb-1']);
    expect(pager).toEqual(
      expect.arrayContaining(['https://hooks.example.com/serin?key=k', '/serin?key=k', '/serin', 'k', 'Bearer t']),
    );
    expect(office).toEqual(expect.arrayContaining(['https://teams.example.com/workflows/w', '/workflows/w']));
    expect(list).toEqual(expect.arrayContaining(['p%40ss', 'p@ss', 'sre@example.com', 'serin@example.com']));
  });
});
