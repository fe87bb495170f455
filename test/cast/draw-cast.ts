import type { Frame, ScreenSize, Span } from './terminal-frames.ts';

/** How fast a recording is shown. */
export interface Pace {
  /** How many times as fast as it was. */
  readonly speed: number;
  /** No frame stays longer, but for the last one; seconds. */
  readonly longestSeconds: number;
  readonly lastSeconds: number;
}

const [cellWidth, lineHeight, margin] = [8, 18, 14];

/** The terminal's colours that a dark screen makes readable; others are shown as usual. */
const colours: Readonly<Record<number, string>> = {
  1: '#ff7b72',
  2: '#7ee787',
  3: '#e3b341',
  4: '#79c0ff',
  5: '#d2a8ff',
  6: '#56d4dd',
};

/**
 * A moving picture of a terminal: an SVG that needs no program, whose frames lie side by side and are moved past a window. Whoever wants less
 * motion sees the last frame.
 */
export function drawCast(frames: readonly Frame[], size: ScreenSize, pace: Pace): string {
  const [width, height] = [size.columns * cellWidth + 2 * margin, size.rows * lineHeight + 2 * margin];
  const lines = new Map<string, string>();
  const drawn = frames.map((frame, index) => drawFrame(frame, index * width, lines));
  const definitions = [...lines].map(([line, id]) => `<g id="${id}">${line}</g>`);
  const { keyframes, seconds } = makeKeyframes(frames, width, pace);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">
<title>A recording of the demo: from the app's creation to the promoted candidate</title>
<style>
text{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#e6edf3;white-space:pre}
.b{font-weight:bold}.d{fill:#9198a1}
${Object.entries(colours)
  .map(([colour, fill]) => `.c${colour}{fill:${fill}}`)
  .join('')}
#film{animation:film ${seconds.toFixed(2)}s step-end infinite}
@keyframes film{${keyframes}}
@media (prefers-reduced-motion:reduce){#film{animation:none;transform:translateX(${-(frames.length - 1) * width}px)}}
</style>
<defs>${definitions.join('')}</defs>
<rect width="${width}" height="${height}" rx="8" fill="#0d1117"/>
<svg width="${width}" height="${height}"><g id="film">${drawn.join('')}</g></svg>
</svg>
`;
}

function drawFrame({ lines }: Frame, x: number, known: Map<string, string>): string {
  const uses = lines.map((spans, row) => {
    if (spans.length === 0) return '';
    const line = spans.map(drawSpan).join('');
    const id = known.get(line) ?? `l${known.size}`;
    known.set(line, id);
    return `<use href="#${id}" y="${margin + row * lineHeight}"/>`;
  });
  return `<g transform="translate(${x + margin})">${uses.join('')}</g>`;
}

/** Each span has its place and its width, since fonts differ. */
function drawSpan({ column, text, isBold, isDim, colour }: Span): string {
  const classes = [
    ...(isBold ? ['b'] : []),
    ...(isDim ? ['d'] : []),
    ...(colour !== undefined && colour in colours ? [`c${colour}`] : []),
  ];
  const look = classes.length === 0 ? '' : ` class="${classes.join(' ')}"`;
  const place = `x="${column * cellWidth}" y="13" textLength="${[...text].length * cellWidth}"`;
  return `<text ${place}${look}>${escapeXml(text)}</text>`;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function makeKeyframes(
  frames: readonly Frame[],
  width: number,
  { speed, longestSeconds, lastSeconds }: Pace,
): { readonly keyframes: string; readonly seconds: number } {
  const durations = frames.map(({ atSeconds }, index) => {
    const next = frames[index + 1];
    return next === undefined ? lastSeconds : Math.min(longestSeconds, (next.atSeconds - atSeconds) / speed);
  });
  const seconds = durations.reduce((sum, duration) => sum + duration, 0);
  let atSeconds = 0;
  const steps = durations.map((duration, index) => {
    const percent = (100 * atSeconds) / seconds;
    atSeconds += duration;
    return `${percent.toFixed(3)}%{transform:translateX(${-index * width}px)}`;
  });
  return { keyframes: steps.join(''), seconds };
}
