import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { isAlive } from './alive.ts';

// Below Linux' range for outgoing connections (32768 and up), so that a port stays ours while its server is stopped.
const lowestPort = 20_000;
const portCount = 12_000;

/** One file a port, with the id of the process that it is reserved for: sandboxes that start together do not collide. */
const reservations = join(tmpdir(), `serin-ports-${userInfo().uid}`);

/** A loopback TCP port that is free, and reserved for this process as long as it lives. */
export async function freePort(): Promise<number> {
  await mkdir(reservations, { recursive: true });
  for (;;) {
    const port = lowestPort + Math.floor(Math.random() * portCount);
    if (await takePort(port)) return port;
  }
}

/** Reserves a loopback TCP port for this process; false where another has it. */
export async function takePort(port: number): Promise<boolean> {
  return (await reserve(port)) && (await isFree(port));
}

async function reserve(port: number): Promise<boolean> {
  const file = join(reservations, String(port));
  const isOurs = await writeFile(file, String(process.pid), { flag: 'wx' }).then(
    () => true,
    () => false,
  );
  // A reservation of a process that has ended is removed, so that a later attempt can take the port.
  if (!isOurs && !isAlive(Number(await readFile(file, 'utf8').catch(() => '')))) await rm(file, { force: true });
  return isOurs;
}

function isFree(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const server = createServer();
  server.once('error', () => resolve(false));
  server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  return promise;
}
