interface SplitBarProps {
  /** The candidates' weights, percent; the rest is the baseline's. */
  readonly weights: readonly number[];
  /** The names of the versions, the baseline first. */
  readonly names?: readonly string[];
  readonly isSmall?: boolean;
}

/** The traffic as one bar, the baseline first; the numbers stand beside it. */
export function SplitBar({ weights, names = [], isSmall = false }: SplitBarProps) {
  const baseline = 100 - weights.reduce((sum, weight) => sum + weight, 0);
  const shares = [baseline, ...weights];
  const label = shares.map((share, index) => `${names[index] ?? (index === 0 ? 'baseline' : 'candidate')} ${share} %`);
  return (
    <span class={isSmall ? 'split small' : 'split'} title={label.join(', ')}>
      <span class="bar" aria-hidden="true">
        {shares.map((share, index) => (
          <span key={index} class={`share version-${index % 8}`} style={{ width: `${share}%` }} />
        ))}
      </span>
      <span class="numbers">{isSmall ? `${weights.join(' / ')} %` : label.join(' · ')}</span>
    </span>
  );
}
