import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import {
  decodeRecord,
  encodeRecord,
  recordBytes,
  recordName,
  recordProblem,
} from '../../../activities/helm/release-record.ts';

const record = { name: 'app', version: 3, info: { status: 'pending-upgrade', notes: 'ä' }, chart: { files: [] } };

describe('release records', () => {
  test('are read as helm writes them: JSON, gzip, base64, and base64 once more by Kubernetes', () => {
    const byHelm = gzipSync(JSON.stringify(record)).toString('base64');
    expect(decodeRecord(Buffer.from(byHelm).toString('base64'))).toEqual(record);
  });

  test('are written so that they can be read again', () => {
    expect(decodeRecord(encodeRecord(record))).toEqual(record);
  });

  test('may be uncompressed, when they are very old', () => {
    const byHelm = Buffer.from(JSON.stringify(record)).toString('base64');
    expect(decodeRecord(Buffer.from(byHelm).toString('base64'))).toEqual(record);
  });

  test('are told from anything else', () => {
    const other = Buffer.from(Buffer.from('{"kind":"List"}').toString('base64')).toString('base64');
    expect(() => decodeRecord(other)).toThrow('the Secret holds no release record of helm');
  });

  test('have the size that the Secret has with them', () => {
    const { length } = Buffer.from(encodeRecord(record), 'base64');
    expect(recordBytes(record)).toBe(length);
  });

  test('may take 1 MiB, and not a byte more', () => {
    expect(recordProblem(1024 * 1024)).toBeUndefined();
    expect(recordProblem(1024 * 1024 + 1)).toBe(
      'helm could not keep the release: its record takes about 1030 KiB, and a Secret has at most 1024 KiB; make the chart or its values smaller (.helmignore leaves files out)',
    );
  });

  test('are named by release and revision', () => {
    expect(recordName('app', 3)).toBe('sh.helm.release.v1.app.v3');
  });
});
