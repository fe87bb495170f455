import { expect, test } from 'vitest';
import { readRenderedObjects, readRenderedServices } from '../../formats/rendered-chart.ts';

const chart = `---
# Source: sample-app/templates/config.yaml
apiVersion: v1
kind: ConfigMap
metadata: { name: sample-app }
---
# Source: sample-app/templates/service.yaml
apiVersion: serving.knative.dev/v1
kind: Service
metadata: { name: sample-app, namespace: shop }
spec:
  template:
    metadata: { name: sample-app-v2 }
    spec: { containers: [{ image: "example:green" }] }
  traffic:
  - { tag: current, revisionName: sample-app-v1, percent: 100 }
  - { tag: candidate, latestRevision: true, percent: 0 }
`;

test('finds the Knative Service with its revision, image and traffic', () => {
  expect(readRenderedServices(chart)).toMatchObject([
    {
      name: 'sample-app',
      namespace: 'shop',
      revision: 'sample-app-v2',
      image: 'example:green',
      traffic: [
        { tag: 'current', revisionName: 'sample-app-v1', percent: 100 },
        { tag: 'candidate', latestRevision: true, percent: 0 },
      ],
    },
  ]);
});

test('leaves out what the chart leaves out', () => {
  const bare = 'apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: { name: a }\nspec: { template: {} }';
  const document = {
    apiVersion: 'serving.knative.dev/v1',
    kind: 'Service',
    metadata: { name: 'a' },
    spec: { template: {} },
  };
  expect(readRenderedServices(bare)).toEqual([{ name: 'a', image: '', document }]);
});

test('a core Service is not a Knative Service', () => {
  expect(readRenderedServices('apiVersion: v1\nkind: Service\nmetadata: { name: a }\nspec: {}')).toEqual([]);
});

const header = 'apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: { name: a }\n';

test('reads fields that a template left empty as absent', () => {
  const text = `${header}spec:\n  template:\n    metadata:\n  traffic:\n  - { tag: , percent: 100, latestRevision: true }\n`;
  expect(readRenderedServices(text)).toMatchObject([
    { name: 'a', image: '', traffic: [{ percent: 100, latestRevision: true }] },
  ]);
});

test('reads merge keys, and the last of two equal keys, as helm does', () => {
  const container = '&app { image: one, image: two }';
  const text = `x: ${container}\n${header}spec: { template: { spec: { containers: [{ <<: *app }] } } }`;
  expect(readRenderedServices(text)).toMatchObject([{ name: 'a', image: 'two' }]);
});

test('lists every object with its kind and namespace', () => {
  expect(readRenderedObjects(chart)).toEqual([
    { apiVersion: 'v1', kind: 'ConfigMap', name: 'sample-app' },
    { apiVersion: 'serving.knative.dev/v1', kind: 'Service', name: 'sample-app', namespace: 'shop' },
  ]);
});
