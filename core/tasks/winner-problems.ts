/** What is wrong if a version wins. */
export interface WinnerProblem {
  /** The version's name. */
  readonly winner: string;
  /** The command that it is about, as messages have it. */
  readonly command?: string;
  readonly problem: string;
}

/** The problems as sentences, each problem once: what concerns several versions names them all, and what their commands share. */
export function listWinnerProblems(found: readonly WinnerProblem[]): readonly string[] {
  return [...Map.groupBy(found, ({ problem }) => problem)].map(([problem, concerned]) => {
    const winners = [...new Set(concerned.map(({ winner }) => winner))].join(' and ');
    const command = sharedWords(concerned.flatMap((one) => one.command ?? []));
    return command === '' ? `for ${winners}: ${problem}` : `for ${winners}, ${command}: ${problem}`;
  });
}

/** The words with which all commands begin, `helm upgrade app …` where they go on differently. */
function sharedWords([first = '', ...others]: readonly string[]): string {
  const words = first.split(' ');
  const differs = (word: string, index: number): boolean => others.some((other) => other.split(' ')[index] !== word);
  const end = words.findIndex(differs);
  if (end === -1 && others.every((other) => other === first)) return first;
  return [...words.slice(0, end === -1 ? undefined : end), '…'].join(' ');
}
