/** The limits on what others write, in one place: those who exceed them are told the number. */
export const limits = {
  /** Characters of who made a request. */
  requestBy: 200,
  /** Characters of why a request was made. */
  requestReason: 1_000,
  /** Characters of a warning in the report. */
  warning: 2_000,
  /** Characters of the reason of an ending, which lists all problems. */
  endingReason: 32_000,
} as const;

/** The text, cut to so many characters; the cut shows. */
export function cutText(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
