import type { Finding } from '../doctor/finding.ts';
import type { Style } from '../terminal/terminal.ts';
import { padEnd, paint, printable } from './text.ts';
import type { Format } from './text.ts';

const formats: Readonly<Record<Finding['state'], Format>> = { ok: 'green', warn: 'yellow', fail: 'red' };

const stateWidth = 'warn'.length;

/** The findings as a checklist by area, each remedy under its finding. */
export function formatFindings(areas: Readonly<Record<string, readonly Finding[]>>, style: Style): string {
  return Object.entries(areas)
    .map(([area, findings]) => [area, ...findings.flatMap((finding) => findingLines(finding, style))].join('\n'))
    .join('\n\n');
}

function findingLines({ state, what, remedy }: Finding, style: Style): readonly string[] {
  const first = `  ${padEnd(paint(state, formats[state], style), stateWidth)}  ${printable(what)}`;
  const indent = ' '.repeat(2 + stateWidth + 2);
  return remedy === undefined ? [first] : [first, `${indent}-> ${printable(remedy)}`];
}
