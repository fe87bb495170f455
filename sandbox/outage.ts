/** Takes a part of a running sandbox away, or brings it back: `npm run outage -- PART ACTION`. */
import { main, sendControlRequest } from './control/client.ts';
import { outageActions, outageParts } from './control/request.ts';

await main(async () => {
  const [part, action] = [
    outageParts.find((it) => it === process.argv[2]),
    outageActions.find((it) => it === process.argv[3]),
  ];
  if (part === undefined || action === undefined) {
    throw new Error(`usage: npm run outage -- ${outageParts.join('|')} ${outageActions.join('|')}`);
  }
  await sendControlRequest({ kind: 'outage', part, action });
});
