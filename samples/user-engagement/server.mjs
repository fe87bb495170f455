/**
 * Answers how long the sessions of each version last on average, as an analytics service would.
 *
 * Run as: `node samples/user-engagement/server.mjs current=12 candidate=15`; it listens on port 8099 of loopback, or on PORT.
 */
import { createServer } from 'node:http';

const averages = new Map(
  process.argv.slice(2).map((argument) => {
    const [version = '', seconds] = argument.split('=');
    return [version, Number(seconds)];
  }),
);
const port = Number(process.env['PORT'] ?? 8099);

const server = createServer((request, response) => {
  const { searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1');
  const average = averages.get(searchParams.get('version') ?? '');
  response.writeHead(200, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify({ results: average === undefined ? [] : [{ average }] }));
});
server.listen(port, '127.0.0.1', () => console.log(`http://127.0.0.1:${port}/sessions?version=NAME`));
