/** What needs the sandbox. */
export const withSandbox = [
  'test/{e2e,package}/**/*.test.ts',
  'test/chaos/*.test.ts',
  'test/sandbox/{demo,faults,life,outages,tutorial,worker-account}.test.ts',
  'test/activities/{knative,helm,preflight}/**/*.test.ts',
  'test/release/release.test.ts',
  'test/deploy/{needed-rights,chart-apply,chart-install,moving-over}.test.ts',
];

/** What takes a part of the sandbox away from all, changes it for all, looks after the objects of all, or starts many sandboxes. */
export const alone = [
  'test/e2e/{outages,samples}.test.ts',
  'test/chaos/{api-server,fairness,operator,survival,temporal}.test.ts',
  'test/sandbox/{life,outages}.test.ts',
  'test/activities/knative/api-server-outage.test.ts',
  'test/deploy/chart-install.test.ts',
];

/** What needs Chromium. */
export const page = ['test/page/**/*.test.ts'];

/** What needs podman or docker, and the sandbox. */
export const image = ['test/image/**/*.test.ts'];

/** What needs podman, images that take long to make, fixed ports, and the sandbox. */
export const compose = ['test/compose/**/*.test.ts'];

/** What looks back on all that ran on the sandbox. */
export const last = ['test/deploy/used-rights.test.ts', 'test/operator/written-statuses.test.ts'];
