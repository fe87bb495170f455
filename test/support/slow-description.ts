/** Stands in for core/report/describe.ts where a test needs a query whose answer takes some milliseconds. */
export function describe(): string {
  let text = '';
  for (let step = 0; step < 60_000; step += 1) text = `${text.slice(-20)}${step}`;
  return text;
}
