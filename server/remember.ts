/** The most answers that are kept: beyond it the oldest is asked for anew. */
const mostAnswers = 5_000;

interface Answer<T> {
  readonly value: Promise<T>;
  readonly untilMs: number;
}

/** Keeps answers by key for so long; who asks for one that is on its way gets it too. A failure is not kept. */
export function remember<T>(forMs: number): (key: string, ask: () => Promise<T>) => Promise<T> {
  const answers = new Map<string, Answer<T>>();
  return (key, ask) => {
    const known = answers.get(key);
    if (known !== undefined && known.untilMs > performance.now()) return known.value;
    // Last in the order again.
    answers.delete(key);
    const value = ask();
    answers.set(key, { value, untilMs: performance.now() + forMs });
    for (const oldest of answers.keys()) if (answers.size > mostAnswers) answers.delete(oldest);
    value.catch(() => answers.delete(key));
    return value;
  };
}
