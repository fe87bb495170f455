import { describe, expect, test } from 'vitest';
import type { Ingress, IngressSplit } from '../../sandbox/gateway/ingress.ts';
import { chooseRoute, routeTable } from '../../sandbox/gateway/routes.ts';

function split(revision: string, percent?: number): IngressSplit {
  return {
    serviceNamespace: 'default',
    serviceName: revision,
    appendHeaders: { 'Knative-Serving-Namespace': 'default', 'Knative-Serving-Revision': revision },
    ...(percent === undefined ? {} : { percent }),
  };
}

const ingress: Ingress = {
  spec: {
    rules: [
      { hosts: ['app.example.com'], http: { paths: [{ splits: [split('v1', 45), split('v2', 55)] }] } },
      { hosts: ['candidate-app.example.com'], http: { paths: [{ splits: [split('v2')] }] } },
    ],
  },
};

function revisionFor(host: string, random: number): string | undefined {
  return chooseRoute(routeTable([ingress]), { host, path: '/', headers: {} }, random)?.revision.revision;
}

describe('a route with a split', () => {
  test.each([
    [0, 'v1'],
    [0.4499, 'v1'],
    [0.45, 'v2'],
    [0.9999, 'v2'],
  ])('sends the request at %f to %s', (random, revision) => {
    expect(revisionFor('app.example.com', random)).toBe(revision);
  });

  test('sends nothing to a revision at 0 percent', () => {
    const zero: Ingress = {
      spec: { rules: [{ hosts: ['app'], http: { paths: [{ splits: [split('v1', 100), split('v2', 0)] }] } }] },
    };
    const choice = chooseRoute(routeTable([zero]), { host: 'app', path: '/', headers: {} }, 0.999_999);
    expect(choice?.revision.revision).toBe('v1');
  });
});

describe('a tag host', () => {
  test('leads to its revision only', () => {
    expect(revisionFor('candidate-app.example.com', 0.1)).toBe('v2');
  });
});

describe('a host without an ingress', () => {
  test('has no route', () => {
    expect(revisionFor('other.example.com', 0)).toBeUndefined();
  });
});
