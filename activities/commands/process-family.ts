import { readFileSync, readdirSync, readlinkSync } from 'node:fs';

/** The variable by which what a command starts is found again, whatever session or group it is in. */
export const markVariable = 'SERIN_COMMAND';

/** By what a process shows that a command has started it. */
export interface FamilySigns {
  /** The value of the variable, in the environment that the process began with. */
  readonly mark: string;
  /** The link of a file that nobody else can have open, as `/proc` shows it. */
  readonly lifeline: string;
}

/** A fork bomb may start processes as fast as they can be ended. */
const mostPasses = 20;

/**
 * The processes that a command has started: those with the mark in their environment or with the lifeline open, and all that
 * descend from one of them or share its session or group, now or when it was last looked at. Where there is no `/proc`, none.
 */
export class ProcessFamily {
  readonly #signs: FamilySigns;
  #members: ReadonlyMap<number, ProcessState>;
  /** What began before the command cannot come from it: most of a machine's processes, whose signs need not be read. */
  readonly #beganAt: number;
  /**
   * The ids of processes that were found to be none of the family: most of a machine's, which need not be read again and again. Ids are
   * given out in turn, so that one that is there at each look stands for one process.
   */
  #strangers: ReadonlySet<number> = new Set();

  /** @param command the id of the command's process, which has just been started; undefined where there is none. */
  constructor(signs: FamilySigns, command?: number) {
    this.#signs = signs;
    const states = command === undefined ? [] : readState(command);
    this.#members = new Map(states.map((state) => [state.id, state]));
    this.#beganAt = Number(states[0]?.startedAt ?? 0);
  }

  /** What its members hold in memory, in bytes; pages that several of them share count for each. */
  get memoryBytes(): number {
    return [...this.#members.keys()].reduce((sum, id) => sum + readMemoryBytes(id), 0);
  }

  /** Looks at the processes of the machine; those that have begun since are read for signs. */
  look(): void {
    const listed = processIds();
    const known = listed.filter((id) => this.#strangers.has(id));
    const states = listed.filter((id) => !this.#strangers.has(id)).flatMap(readState);
    const ids = new Set(this.#survivors(states));
    for (const state of states) if (!ids.has(state.id) && this.#hasSign(state)) ids.add(state.id);
    addRelatives(ids, states, this.#groups());
    this.#members = new Map(states.filter(({ id }) => ids.has(id)).map((state) => [state.id, state]));
    this.#strangers = new Set([...known, ...states.map(({ id }) => id).filter((id) => !ids.has(id))]);
  }

  /** Asks all members to end. */
  terminate(): void {
    this.#signal('SIGTERM');
  }

  /** Kills all members, and those that they have started meanwhile. */
  kill(): void {
    for (let passes = 0; passes < mostPasses && this.#signal('SIGKILL') > 0; passes += 1);
  }

  /** The number of members, all of which were signalled. */
  #signal(signal: NodeJS.Signals): number {
    // A process may bear a sign by now that it did not bear when it was read.
    this.#strangers = new Set();
    this.look();
    for (const id of this.#members.keys()) sendSignal(id, signal);
    return this.#members.size;
  }

  #survivors(states: readonly ProcessState[]): readonly number[] {
    return states.filter((state) => this.#members.get(state.id)?.startedAt === state.startedAt).map(({ id }) => id);
  }

  /** The sessions and groups of the members of the last look. */
  #groups(): ReadonlySet<number> {
    return new Set([...this.#members.values()].flatMap(({ group, session }) => [group, session]));
  }

  #hasSign({ id, startedAt }: ProcessState): boolean {
    if (Number(startedAt) < this.#beganAt) return false;
    return hasMark(id, this.#signs.mark) || hasOpen(id, this.#signs.lifeline);
  }
}

/** Adds all that descend from one of `ids`, or share the session or group of one of them or of `groups`. */
function addRelatives(ids: Set<number>, states: readonly ProcessState[], groups: ReadonlySet<number>): void {
  const shared = new Set(groups);
  for (let known = -1; known !== ids.size;) {
    known = ids.size;
    for (const { id, parent, group, session } of states) {
      if (!ids.has(id) && !ids.has(parent) && !shared.has(group) && !shared.has(session)) continue;
      ids.add(id);
      shared.add(group).add(session);
    }
  }
}

interface ProcessState {
  readonly id: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** In ticks since the machine began: tells two processes of one id apart. */
  readonly startedAt: string;
}

/** The ids of all processes but this one and its parent. */
function processIds(): readonly number[] {
  try {
    const ids = readdirSync('/proc').map(Number).filter(Number.isInteger);
    return ids.filter((id) => id !== process.pid && id !== process.ppid);
  } catch {
    return [];
  }
}

/** One process, or none where it has ended. Of proc(5), `/proc/[pid]/stat`: the name, in parentheses, may have any character. */
function readState(id: number): readonly ProcessState[] {
  const text = readProcFile(`/proc/${id}/stat`);
  const [state, parent, group, session, ...rest] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  if (session === undefined || state === 'Z' || state === 'X') return [];
  // 0 stands for one outside of this container.
  const [ownGroup, ownSession] = [Number(group) || id, Number(session) || id];
  return [{ id, parent: Number(parent), group: ownGroup, session: ownSession, startedAt: rest[15] ?? '' }];
}

function readMemoryBytes(id: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readProcFile(`/proc/${id}/status`))?.[1] ?? 0) * 1024;
}

function hasMark(id: number, mark: string): boolean {
  return readProcFile(`/proc/${id}/environ`).split('\0').includes(`${markVariable}=${mark}`);
}

function hasOpen(id: number, link: string): boolean {
  const folder = `/proc/${id}/fd`;
  try {
    return readdirSync(folder).some((file) => readlinkSync(`${folder}/${file}`) === link);
  } catch {
    // It has ended, has just closed a file, or belongs to somebody else.
    return false;
  }
}

/** The text of a file of `/proc`; empty where its process has ended or belongs to somebody else. */
function readProcFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function sendSignal(id: number, signal: NodeJS.Signals): void {
  try {
    process.kill(id, signal);
  } catch {
    // It has ended by itself.
  }
}
