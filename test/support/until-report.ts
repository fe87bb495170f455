import { vi } from 'vitest';
import { queryStatus } from '../../temporal/query-status.ts';
import type { Report } from '../../core/report/report.ts';
import type { ExperimentHandle } from './workflow-environment.ts';

/** Waits until the report is as wanted; in an environment that skips time none passes meanwhile. */
export async function untilReport(handle: ExperimentHandle, holds: (report: Report) => boolean): Promise<Report> {
  return vi.waitUntil(
    async () => {
      const report = await queryStatus(handle);
      return holds(report) ? report : undefined;
    },
    { timeout: 60_000, interval: 50 },
  );
}
