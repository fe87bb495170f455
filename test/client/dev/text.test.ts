import { expect, test } from 'vitest';
import { nextLines, placeLines } from '../../../client/render/dev.ts';

test('the places of serin dev show no password', () => {
  const temporal = { address: 'localhost:7233', namespace: 'default' };
  const places = { ...temporal, page: 'http://127.0.0.1:2/login', healthAddress: '127.0.0.1:1', directory: '/s' };
  expect(placeLines({ ...places, prometheus: 'https://user:secret@prometheus.example/prom?tenant=a' })).toEqual([
    'Temporal    localhost:7233, namespace default',
    'Page        http://127.0.0.1:2/login (opens once)',
    'Prometheus  https://prometheus.example/prom',
    'Health      http://127.0.0.1:1/readyz',
    'Logs        /s',
  ]);
});

test('the next commands name a Temporal that they would not find by themselves', () => {
  expect(nextLines('serin', 'localhost:7333')).toContain('  serin watch NAME --address localhost:7333');
  expect(nextLines('temporal serin', undefined)).toContain('  temporal serin watch NAME');
});
