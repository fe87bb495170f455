/** Switches the faults of a revision in a running sandbox: `npm run fault -- NAMESPACE/REVISION FAULT [NUMBER]`. */
import { main, sendControlRequest } from './control/client.ts';
import type { Fault } from './faults/fault.ts';

const usage =
  'usage: npm run fault -- NAMESPACE/REVISION errors RATE | latency ADDED_MS | hang [RATE] | unready | crash | off';

await main(async () => {
  const [target = '', kind = '', number] = process.argv.slice(2);
  const [namespace, revision] = target.split('/');
  const faults = parse(kind, number);
  if (namespace === undefined || revision === undefined || faults === undefined) throw new Error(usage);
  await sendControlRequest({ kind: 'faults', revision: { namespace, revision }, faults });
});

function parse(kind: string, number: string | undefined): readonly Fault[] | undefined {
  const amount = number === undefined ? undefined : Number(number);
  if (amount !== undefined && !(amount >= 0)) return undefined;
  switch (kind) {
    case 'off':
      return [];
    case 'errors':
      return amount === undefined ? undefined : [{ kind, rate: amount }];
    case 'latency':
      return amount === undefined ? undefined : [{ kind, addedMs: amount }];
    case 'hang':
      return [amount === undefined ? { kind } : { kind, rate: amount }];
    case 'unready':
    case 'crash':
      return [{ kind }];
    default:
      return undefined;
  }
}
