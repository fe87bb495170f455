import { describe, expect, test } from 'vitest';
import { commandUserProblem, commandUserWarning } from '../../worker/command-user.ts';

const nobody = { uid: 65_534, gid: 65_534 };

describe('the user of commands', () => {
  test('can be another one where the worker is root, and nowhere else', () => {
    expect(commandUserProblem(nobody, 0)).toBeUndefined();
    expect(commandUserProblem(undefined, 1000)).toBeUndefined();
    expect(commandUserProblem(nobody, 1000)).toBe(
      'SERIN_COMMAND_USER: expected a worker that runs as root, got one that runs as user 1000',
    );
  });

  test('is worth a warning where it is root', () => {
    expect(commandUserWarning(undefined, 0)).toContain('set SERIN_COMMAND_USER');
    expect(commandUserWarning(nobody, 0)).toBeUndefined();
    expect(commandUserWarning({ uid: 0, gid: 0 }, 0)).toBeUndefined();
    expect(commandUserWarning(undefined, 1000)).toBeUndefined();
  });
});
