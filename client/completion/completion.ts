import type { Command } from 'commander';
import type { CommandContext, CommandResult } from '../context.ts';
import { bashCompletion } from './bash.ts';
import { fishCompletion } from './fish.ts';
import { readWords } from './words.ts';
import type { ProgramWords } from './words.ts';
import type { Shell } from './shells.ts';
import { zshCompletion } from './zsh.ts';

const scripts: Readonly<Record<Shell, (words: ProgramWords, programs: readonly string[]) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

/** The names that npm links the program to. */
const programs = ['serin', 'temporal-serin', 'kubectl-serin'];

/** `serin completion SHELL`: prints a script with which the shell completes commands, options and their values. */
export function completionCommand({ terminal }: CommandContext, root: Command, shell: Shell): CommandResult {
  terminal.write(scripts[shell](readWords(root), programs));
  return { exitCode: 0 };
}
