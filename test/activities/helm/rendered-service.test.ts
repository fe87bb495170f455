import { describe, expect, test } from 'vitest';
import { compareWithJudged, findTarget } from '../../../activities/helm/rendered-service.ts';

const target = { namespace: 'prod', name: 'app' };
const judged = { revision: 'app-v2', image: 'app:2' };
const rendered = { name: 'app', revision: 'app-v2', image: 'app:2' };

describe('findTarget', () => {
  const manifest = (namespace: string) => `
apiVersion: v1
kind: Service
metadata: {name: app, namespace: prod}
---
apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: app${namespace}}
spec: {template: {metadata: {name: app-v2}, spec: {containers: [{image: "app:2"}]}}}
`;

  test('finds the Knative Service of that name, not another kind of Service', async () => {
    expect(await findTarget({ target, namespace: 'prod', manifest: manifest('') })).toMatchObject(rendered);
  });

  test('takes the namespace of the release where the chart names none', async () => {
    expect(await findTarget({ target, namespace: 'test', manifest: manifest('') })).toBeUndefined();
    const named = await findTarget({ target, namespace: 'test', manifest: manifest(', namespace: prod') });
    expect(named).toMatchObject({ ...rendered, namespace: 'prod' });
  });
});

describe('compareWithJudged', () => {
  const expected = { target, judged, mayRepeat: false };

  test.each([
    ['no traffic', undefined],
    ['the judged revision by name', [{ revisionName: 'app-v2', percent: 100 }]],
    ['the latest revision, which is the judged one', [{ latestRevision: true, percent: 100 }]],
    [
      'the judged revision and a tag',
      [
        { revisionName: 'app-v2', percent: 100 },
        { revisionName: 'app-v1', tag: 'old', percent: 0 },
      ],
    ],
  ])('accepts %s', (_, traffic) => {
    expect(compareWithJudged({ ...rendered, ...(traffic && { traffic }) }, expected)).toEqual([]);
  });

  test('names every difference', () => {
    const traffic = [
      { revisionName: 'app-v1', percent: 100 },
      { latestRevision: true, percent: 0, tag: 'candidate' },
    ];
    expect(compareWithJudged({ name: 'app', revision: 'app-v3', image: 'app:3', traffic }, expected)).toEqual([
      'Knative Service prod/app is rendered with revision app-v3, but app-v2 was judged',
      'Knative Service prod/app is rendered with image app:3, but app:2 was judged',
      'Knative Service prod/app is rendered with traffic app-v1 100 %, not 100 % app-v2; leave traffic out of it',
    ]);
  });

  test('leaves a template without a name to the API server, but not its image', () => {
    const traffic = [{ latestRevision: true, percent: 100 }];
    expect(compareWithJudged({ name: 'app', image: 'app:2', traffic }, expected)).toEqual([]);
    expect(compareWithJudged({ name: 'app', image: 'app:3' }, expected)).toEqual([
      'Knative Service prod/app is rendered with image app:3, but app:2 was judged',
    ]);
  });

  test('lets no traffic follow the latest revision where that would be a new one', () => {
    const traffic = [{ latestRevision: true, percent: 100 }];
    expect(compareWithJudged({ name: 'app', image: 'app:2', traffic }, { ...expected, mayRepeat: true })).toEqual([
      'Knative Service prod/app is rendered with traffic the latest revision 100 %, not 100 % app-v2; leave traffic out of it',
    ]);
  });
});
