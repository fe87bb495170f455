import { observePrometheus } from './prometheus.ts';
import { formatRow, tableHead } from './row.ts';
import { observeScripted } from './scripted.ts';

/** Prints how much of what was answered is counted, for stores, lags, clocks and intervals. */
console.log(tableHead());
let [rows, exact] = [0, 0];
function print(row: Parameters<typeof formatRow>[0]): void {
  rows += 1;
  if (row.counted === row.answered) exact += 1;
  console.log(formatRow(row));
}
for (const row of await observePrometheus()) print(row);
for await (const row of observeScripted()) print(row);
console.log(`\n${exact} of ${rows} rows have counted exactly what was answered.`);
