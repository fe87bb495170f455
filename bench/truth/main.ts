import { observeRealStores } from './real.ts';
import { formatRow, formatSummary, reasons, tableHead } from './row.ts';
import type { TruthRow } from './row.ts';
import { observeScripted } from './scripted.ts';

const rows: TruthRow[] = [];

/** The beginnings of the stores' names; all where there are none. */
const wanted = process.argv.slice(2);
const isWanted = (store: string): boolean => wanted.length === 0 || wanted.some((name) => store.startsWith(name));

/** Prints how much of what was answered is counted, for stores, lags, clocks and intervals. */
console.log(tableHead());
for (const row of await observeRealStores(isWanted)) print(row);
if (isWanted('scripted')) for await (const row of observeScripted()) print(row);
console.log(`\n${formatSummary(rows)}`);
const wrong = rows.filter(({ counted, answered }) => counted !== answered);
console.log(`\n${rows.length - wrong.length} of ${rows.length} rows have counted exactly what was answered.`);
for (const row of wrong) console.log([formatRow(row), ...reasons(row)].join('\n  '));

function print(row: TruthRow): void {
  rows.push(row);
  console.log(formatRow(row));
}
