import { parseArgs } from 'node:util';

/** Of the development server in memory or in a file, or PostgreSQL behind the server of production. */
const databases = ['memory', 'file', 'postgresql'] as const;

/** What one run of the benchmark is about. */
export interface ScaleOptions {
  readonly experiments: number;
  readonly intervalSeconds: number;
  readonly iterations: number;
  /** The share of the experiments that shift traffic in each iteration; the others have a fixed split. */
  readonly shifting: number;
  /** The pods of each revision. */
  readonly pods: number;
  /** The response codes of each pod. */
  readonly codes: number;
  readonly workers: number;
  /** Where Temporal keeps its data. */
  readonly database: (typeof databases)[number];
  /** The time over which the starts are spread. */
  readonly spreadSeconds: number;
  readonly scrapeSeconds: number;
}

const flags = {
  experiments: { type: 'string', default: '50' },
  interval: { type: 'string', default: '12' },
  iterations: { type: 'string', default: '12' },
  shifting: { type: 'string', default: '1' },
  pods: { type: 'string', default: '1' },
  codes: { type: 'string', default: '1' },
  workers: { type: 'string', default: '1' },
  database: { type: 'string', default: 'memory' },
  spread: { type: 'string' },
  scrape: { type: 'string', default: '5' },
} as const;

/** Reads the command line; throws with one line for each mistake. */
export function readScaleOptions(args: readonly string[]): ScaleOptions {
  const { values } = parseArgs({ args: [...args], options: flags });
  const problems: string[] = [];
  const read = (flag: keyof typeof flags, text: string, isRight: (value: number) => boolean, expected: string) => {
    const value = Number(text);
    if (!isRight(value)) problems.push(`--${flag}: expected ${expected}, got ${text}`);
    return value;
  };
  const isCount = (value: number): boolean => Number.isInteger(value) && value > 0;
  const count = (flag: 'experiments' | 'pods' | 'codes' | 'workers') =>
    read(flag, values[flag], isCount, 'a whole number above 0');
  const isTime = (value: number): boolean => value > 0;
  const experiments = count('experiments');
  const intervalSeconds = read('interval', values.interval, isTime, 'seconds');
  const spread = values.spread ?? String(Math.max(intervalSeconds, experiments / 2));
  const mayClimb = (value: number): boolean => isCount(value) && value <= 100;
  const { database } = values;
  const known = databases.find((one) => one === database);
  if (known === undefined) problems.push(`--database: expected ${databases.join(', ')}, got ${database}`);
  const options: ScaleOptions = {
    experiments,
    intervalSeconds,
    iterations: read(
      'iterations',
      values.iterations,
      mayClimb,
      'a whole number of 1 to 100, as each climbs by 1 % or more',
    ),
    shifting: read('shifting', values.shifting, (value) => value >= 0 && value <= 1, 'a share of 0 to 1'),
    pods: count('pods'),
    codes: count('codes'),
    workers: count('workers'),
    database: known ?? 'memory',
    spreadSeconds: read('spread', spread, isTime, 'seconds'),
    scrapeSeconds: read('scrape', values.scrape, isTime, 'seconds'),
  };
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return options;
}

/** Whether an experiment shifts in each iteration; such ones are spread evenly over all. */
export function isShifting(index: number, { shifting }: Pick<ScaleOptions, 'shifting'>): boolean {
  return Math.floor((index + 1) * shifting) > Math.floor(index * shifting);
}
