/** The limits on what others write, in one place: those who exceed them are told the number. */
export const limits = {
  /** Characters of who made a request: the longest name of a service account has 339. */
  requestBy: 400,
  /** Characters of why a request was made. */
  requestReason: 1_000,
  /** Characters of a proof of who makes a request: a person may be in many groups. */
  proof: 16_000,
  /** Characters of a warning in the report. */
  warning: 2_000,
  /** Characters of what a notice says has happened, and of why. */
  noticeWhat: 200,
  noticeWhy: 1_500,
  /** Characters of what a receiver has said of a notice. */
  receiverAnswer: 300,
  /** Characters of the receivers of a namespace. */
  receiversCharacters: 64 * 1024,
  /** Characters of a calendar that stands by itself. */
  calendarCharacters: 64 * 1024,
  /** Characters of a calendar, as JSON: all periods are looked at for each answer, and that of a manifest is recorded at each observation. */
  calendarJson: 4_000,
  /** Characters of why a calendar is closed. */
  closureWhy: 500,
  /** Characters of the name of a period, and of how it recurs. */
  calendarName: 100,
  calendarRule: 200,
  /** Bytes of a manifest, as it is written or as JSON. */
  manifestBytes: 256 * 1024,
  /**
   * Bytes of what passes between workflow and activities, as JSON: Temporal takes 2 MB in one message, of which encryption needs a third.
   */
  messageBytes: 1024 * 1024,
  /** Entries of one list or mapping of a manifest. */
  manifestEntries: 500,
  /** Values of a manifest, with every alias of YAML written out. */
  expandedEntries: 50_000,
  /** Candidates of an experiment. */
  candidates: 20,
  /** Characters of a condition (`if`). */
  conditionCharacters: 1_000,
  /** Issues of a manifest, or problems of an experiment, that are listed; of the others the number is told. */
  listedIssues: 100,
  /**
   * Characters of why something failed: it stands in the history, in the report, and several times in the status of an object, which
   * the API server refuses beyond 1.5 MB.
   */
  failure: 20_000,
  /** Characters of one of several problems: a command, and what it said. */
  problem: 8_000,
} as const;

/** The text, cut to so many characters; the cut shows. */
export function cutText(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

/** The first of many problems, each cut, and the number of the others. */
export function listFirst(problems: readonly string[]): readonly string[] {
  const listed = problems.slice(0, limits.listedIssues).map((problem) => cutText(problem, limits.problem));
  const more = problems.length - listed.length;
  return more === 0 ? listed : [...listed, `and ${more} more`];
}
