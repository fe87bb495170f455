import { expect, test } from 'vitest';
import { readWorkerLog } from '../../../client/dev/worker-log.ts';

function read(...lines: readonly string[]) {
  const known = { healthAddress: '', isStarted: false };
  const warnings: string[] = [];
  const texts = lines.map((line) => readWorkerLog(line, known, (text) => warnings.push(text)));
  return { known, warnings, texts };
}

const line = (fields: object): string =>
  JSON.stringify({ level: 'info', time: 'now', pid: 1, hostname: 'h', ...fields });

test('what a worker logs tells its health address and that it has started', () => {
  const health = line({ msg: 'health endpoint listens', healthAddress: '127.0.0.1:4000' });
  expect(read(health).known).toEqual({ healthAddress: '127.0.0.1:4000', isStarted: false });
  expect(read(health, line({ msg: 'worker started' })).known.isStarted).toBe(true);
});

test('warnings and errors of a worker that has started are for people, with their fields', () => {
  const started = line({ msg: 'worker started' });
  const broken = line({
    level: 'warn',
    msg: 'watch broke',
    group: 'serin.dev',
    reason: 'gone',
    error: { message: 'E' },
  });
  expect(read(started, line({ msg: 'fine' }), broken).warnings).toEqual([
    'watch broke: E  group=serin.dev  reason=gone',
  ]);
});

test('until then they are the lines that tell why it has not started', () => {
  const { warnings, texts } = read('SERIN_X: expected a name', line({ level: 'error', msg: 'cannot connect' }));
  expect(texts).toEqual(['SERIN_X: expected a name', 'cannot connect']);
  expect(warnings).toEqual([]);
});
