/** A room: a folder, or a file without its ending; files belong to the innermost one. */
export type Room = string;

const workflow = ['core', 'contract', '@temporalio/workflow', '@temporalio/common'];
const activity = [
  'core',
  'contract',
  'activities/failures',
  'activities/heartbeat',
  'node:',
  '@kubernetes/client-node',
  '@temporalio/activity',
  '@temporalio/common',
];
const clients = ['@kubernetes/client-node', '@temporalio/client', '@temporalio/common'];
const workerPackages = ['@temporalio/activity', '@temporalio/worker', '@temporalio/workflow'];
const sandboxBase = [
  'sandbox/processes',
  'sandbox/tools',
  'sandbox/metrics',
  'sandbox/options',
  'sandbox/base',
  'node:',
  '@kubernetes/client-node',
];

/**
 * What each room may import: rooms that stand above it in this table, and packages (`node:` stands for all of Node's modules). A name
 * includes what lies in it: `core` is every room of core. So no arrow can point back, as long as every import is in the table.
 */
export const rooms: Readonly<Record<Room, readonly string[]>> = {
  'core/failures': [],
  'core/text': [],
  'core/experiment': ['core/text'],
  'core/measurements': ['core/text', 'core/experiment'],
  'core/traffic': ['core/text', 'core/experiment'],
  'core/tasks': ['core/text', 'core/experiment'],
  'core/stats': ['core/measurements'],
  'core/verdicts': ['core/text', 'core/experiment', 'core/measurements', 'core/stats'],
  'core/planner': ['core/text', 'core/experiment', 'core/measurements', 'core/traffic', 'core/stats', 'core/verdicts'],
  'core/report': ['core/text', 'core/experiment', 'core/measurements', 'core/traffic', 'core/verdicts', 'core/planner'],
  'core/offline': ['core/text', 'core/experiment', 'core/measurements', 'core/stats', 'core/verdicts', 'core/planner'],

  contract: ['core', '@temporalio/common', '@temporalio/workflow'],

  'formats/document': ['core', 'zod', 'js-yaml'],
  'formats/manifest/tasks': ['core', 'formats/document', 'zod'],
  'formats/manifest/iter8': ['core', 'formats/document', 'formats/manifest/tasks', 'zod'],
  'formats/manifest/serin': ['core', 'formats/document', 'formats/manifest/tasks', 'formats/manifest/iter8', 'zod'],
  'formats/manifest/checks': ['core', 'formats/document', 'formats/manifest/tasks', 'formats/manifest/iter8', 'zod'],
  'formats/metrics': ['core', 'formats/document', 'zod'],
  'formats/manifest': ['core', 'formats/document', 'formats/metrics', 'formats/manifest', 'zod'],
  'formats/worker': ['core', 'formats/document', 'zod'],
  'formats/chart-archive': ['node:'],
  formats: ['core', 'formats/document', 'formats/chart-archive', 'zod'],

  'apart/answer-questions': ['node:'],
  'apart/bounded-processes': ['apart/answer-questions', 'node:', 'p-limit'],
  apart: ['formats', 'apart'],

  'kubernetes/shared-dispatcher': ['@kubernetes/client-node'],
  'kubernetes/request-options': ['kubernetes/shared-dispatcher', '@kubernetes/client-node'],
  'kubernetes/knative': ['core', 'kubernetes/request-options', '@kubernetes/client-node'],
  kubernetes: ['core', 'kubernetes', 'node:', '@kubernetes/client-node'],

  'temporal/grpc': ['@temporalio/client'],
  'temporal/payload-keys': ['node:'],
  'temporal/payload-codec': ['temporal/payload-keys', 'node:', '@temporalio/common'],
  'temporal/decode-history': ['@temporalio/common'],
  'temporal/settings': [
    'temporal/payload-keys',
    'temporal/payload-codec',
    '@temporalio/client',
    '@temporalio/common',
    '@temporalio/envconfig',
  ],
  temporal: ['core', 'contract', 'temporal', '@temporalio/client', '@temporalio/common'],

  'metrics/unmeasured': ['core'],
  'metrics/time-limit': [],
  'metrics/credentials': [],
  'metrics/prometheus': ['core', 'metrics/time-limit', 'metrics/unmeasured', 'metrics/credentials', 'node:'],
  'metrics/jq': ['apart/answer-questions', 'apart/bounded-processes', 'jq-wasm'],
  'metrics/providers': ['core', 'metrics/unmeasured', 'metrics/prometheus', 'metrics/credentials', 'metrics/jq'],
  'metrics/provider-issues': ['formats', 'metrics/providers'],

  'workflows/failures': ['core', '@temporalio/workflow', '@temporalio/common'],
  'workflows/activities': ['core', 'contract', '@temporalio/workflow'],
  'workflows/run': ['core', 'contract', '@temporalio/workflow', '@temporalio/common'],
  'workflows/traffic': [...workflow, 'workflows/failures', 'workflows/activities', 'workflows/run'],
  'workflows/tasks': [...workflow, 'workflows/failures', 'workflows/activities', 'workflows/run', 'workflows/traffic'],
  workflows: [...workflow, 'workflows'],

  'operator/status': ['core'],
  'operator/crds': ['core/text', 'core/experiment', 'formats', 'node:', '@kubernetes/client-node'],
  operator: ['core', 'contract', 'formats', 'apart', 'kubernetes', 'temporal', 'operator/status', 'node:', ...clients],

  'activities/failures': ['core/failures', 'core/text', '@temporalio/activity', '@temporalio/common'],
  'activities/heartbeat': ['@temporalio/activity'],
  'activities/read-within-limits': ['apart', 'activities/failures'],
  'activities/scratch-directory': ['node:'],
  'activities/knative': [...activity, 'kubernetes', 'metrics', 'temporal'],
  'activities/search-attributes': [...activity, 'temporal'],
  'activities/secrets': [...activity, 'metrics/credentials', 'activities/knative'],
  'activities/commands': [...activity, 'activities/knative', 'activities/secrets', 'activities/scratch-directory'],
  'activities/http': [...activity, 'ipaddr.js', 'metrics', 'activities/knative', 'activities/secrets'],
  'activities/load': [...activity, 'formats', 'activities/commands', 'activities/http', 'activities/scratch-directory'],
  'activities/helm': [
    ...activity,
    'semver',
    'formats',
    'activities/read-within-limits',
    'kubernetes/knative',
    'activities/scratch-directory',
    'activities/knative',
    'activities/commands',
  ],
  'activities/accounts': [...activity, 'kubernetes', 'activities/knative', 'activities/helm'],
  'activities/metrics': [
    ...activity,
    'formats',
    'activities/read-within-limits',
    'metrics',
    'activities/knative',
    'activities/secrets',
    'activities/http',
  ],
  'activities/preflight': [
    ...activity,
    'formats',
    'activities/read-within-limits',
    'kubernetes',
    'metrics',
    'activities/accounts',
    'activities/knative',
    'activities/commands',
    'activities/helm',
    'activities/metrics',
  ],
  activities: [...activity, 'formats', 'apart', 'metrics', 'temporal', 'activities'],

  'client/terminal': ['core/text', 'node:'],
  'client/errors': [],
  'client/context': ['client/terminal', 'client/errors'],
  'client/temporal': [
    'core',
    'contract',
    'kubernetes',
    'temporal',
    'operator',
    'client/errors',
    'client/context',
    'node:',
    ...clients,
  ],
  'client/files': ['core', 'formats', 'metrics', 'client/errors', 'client/terminal', 'client/temporal', 'node:'],
  'client/doctor': [
    'core',
    'contract',
    'kubernetes',
    'metrics',
    'temporal',
    'client/context',
    'client/temporal',
    ...clients,
  ],
  'client/render': ['core', 'contract', 'client/terminal', 'client/temporal', 'client/doctor', 'node:', 'string-width'],
  'client/commands': [
    'core',
    'contract',
    'formats',
    'kubernetes',
    'metrics',
    'temporal',
    'operator',
    'client/errors',
    'client/context',
    'client/terminal',
    'client/temporal',
    'client/files',
    'client/doctor',
    'client/render',
    'node:',
    ...clients,
  ],
  'client/command-line': [
    'core',
    'contract',
    'client/errors',
    'client/context',
    'client/commands',
    'client/files',
    'package.json',
    'commander',
  ],
  client: ['kubernetes', 'client', 'node:', 'commander'],

  worker: [
    'core/text',
    'temporal',
    'activities',
    'operator',
    'formats/worker',
    'metrics/prometheus',
    'node:',
    'pino',
    ...clients,
    ...workerPackages,
  ],

  'sandbox/processes': ['node:'],
  'sandbox/tools': ['sandbox/processes', 'node:'],
  'sandbox/faults': ['node:'],
  'sandbox/metrics': ['sandbox/processes', 'node:'],
  'sandbox/options': ['sandbox/metrics', 'sandbox/tools'],
  'sandbox/base': ['sandbox/processes', 'sandbox/tools', 'node:'],
  'sandbox/commands': ['sandbox/tools', 'node:'],
  'sandbox/charts': sandboxBase,
  'sandbox/load': sandboxBase,
  'sandbox/prometheus': sandboxBase,
  'sandbox/temporal': sandboxBase,
  'sandbox/cluster': sandboxBase,
  'sandbox/knative': [...sandboxBase, 'sandbox/cluster'],
  'sandbox/samples': [...sandboxBase, 'sandbox/cluster'],
  'sandbox/gateway': [...sandboxBase, 'sandbox/faults', 'sandbox/cluster', 'sandbox/knative'],
  'sandbox/node': [...sandboxBase, 'metrics/time-limit', 'sandbox/faults', 'sandbox/cluster', 'sandbox/knative'],
  sandbox: ['sandbox', 'node:', '@kubernetes/client-node'],

  deploy: ['formats', 'operator/crds', 'node:'],
  lint: ['node:', 'dependency-cruiser'],
  'test/support': ['*'],
  test: ['*'],
  bench: [
    'core',
    'contract',
    'metrics',
    'sandbox',
    'test/support',
    'node:',
    ...clients,
    ...workerPackages,
    '@temporalio/testing',
  ],
};

/** The innermost room of the table that a file lies in; undefined for files at the top, which only configure tools. */
export function findRoom(file: string): Room | undefined {
  const places = Object.keys(rooms).filter((room) => isIn(file, room));
  return places.toSorted((a, b) => b.length - a.length)[0];
}

/** Whether a room or file lies in a room: `core/text/json.ts` in `core/text` and in `core`. */
export function isIn(place: string, room: Room): boolean {
  return place === room || place.startsWith(`${room}/`) || place.startsWith(`${room}.`);
}
