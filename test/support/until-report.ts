import { vi } from 'vitest';
import { statusQuery } from '../../contract/messages.ts';
import type { Report } from '../../core/report/report.ts';
import type { ExperimentHandle } from './workflow-environment.ts';

/** Waits until the report is as wanted; in an environment that skips time none passes meanwhile. */
export async function untilReport(handle: ExperimentHandle, holds: (report: Report) => boolean): Promise<Report> {
  return vi.waitUntil(
    async () => {
      const report = await handle.query(statusQuery);
      return holds(report) ? report : undefined;
    },
    { timeout: 60_000, interval: 50 },
  );
}
