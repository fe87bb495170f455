/** A user of the machine, by number. */
export interface CommandUser {
  readonly uid: number;
  readonly gid: number;
}

/** What a command may take, and as whom it runs. */
export interface CommandBounds {
  /** The most memory of the command and all that it starts, together. */
  readonly memoryBytes: number;
  /** Undefined: the worker's own user. */
  readonly user: CommandUser | undefined;
}

/** An amount of memory as the setting is written: `1 GiB`, `512 MiB`. */
export function formatMemory(bytes: number): string {
  const gibibytes = bytes / 1024 ** 3;
  return Number.isInteger(gibibytes) ? `${gibibytes} GiB` : `${Math.round(bytes / 1024 ** 2)} MiB`;
}
