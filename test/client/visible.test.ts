import { describe, expect, test } from 'vitest';
import { visible } from '../../client/terminal/visible.ts';
import { paint } from '../../client/render/text.ts';
import { runSerin } from './serin-environment.ts';

/** Sets a title, clears the screen, moves the cursor, reverses what follows, and hides itself. */
const attack = '\u001B]0;owned\u0007\u001B[2J\u009B31m\u202Etxt\u200B\u2028\r\u007F';

/** Any character that a terminal obeys instead of showing it. */
const obeyed = /(?![\t\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

describe('what leaves to a terminal', () => {
  test('has control characters, marks of direction and invisible ones as escapes', () => {
    expect(visible(`a\tb\n${attack}`)).toBe(
      'a\tb\n\\u001b]0;owned\\u0007\\u001b[2J\\u009b31m\\u202etxt\\u200b\\u2028\\u000d\\u007f',
    );
  });

  test('keeps our own styles, and no others, not even the same', () => {
    const painted = paint('fine \u001B[31mnot\u001B[0m', 'green', { color: true, unicode: true });
    expect(visible(painted)).toBe('\u001B[32mfine \\u001b[31mnot\\u001b[0m\u001B[39m');
  });

  const manifest = (name: string) => `apiVersion: iter8.tools/v2alpha2
kind: Experiment
metadata: {name: ${JSON.stringify(name)}}
spec: {target: ${JSON.stringify(attack)}, strategy: {testingPattern: ${JSON.stringify(attack)}}}
`;

  test.each([
    [['lint', '-f', '-'], manifest(attack)],
    [['lint', '-f', '-', '-o', 'json'], manifest(attack)],
    [['lint', '-f', '-'], `\u001B[2J: ${attack}`],
    [['convert', '-f', '-'], manifest('fine')],
    [['describe', '-f', '-'], manifest(attack)],
    [['explain', attack], ''],
    [[attack], ''],
    [['get', `--${attack}`], ''],
  ])('is free of them: serin %j', async (args, input) => {
    const { stdout, stderr } = await runSerin(args, { input });
    expect(stdout + stderr).not.toBe('');
    expect(obeyed.test(stdout + stderr)).toBe(false);
  });
});
