interface SignProps {
  readonly sign: string;
  readonly words: string;
  readonly tone: string;
}

/** A sign with its words, so that colour is never alone. */
export function Sign({ sign, words, tone }: SignProps) {
  return (
    <span class={`badge ${tone}`}>
      <span aria-hidden="true">{sign}</span> {words}
    </span>
  );
}
