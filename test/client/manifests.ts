/** A manifest like the seed's, with its misplaced versions. */
export function aManifest({ name = 'canary-progressive', upperLimit = '50' } = {}): string {
  return `apiVersion: iter8.tools/v2alpha1
kind: Experiment
metadata:
  name: ${name}
spec:
  target: default/sample-app
  strategy:
    testingPattern: Canary
    actions:
      start: # ü
      - library: knative
        task: init-experiment
  criteria:
    objectives:
    - metric: mean-latency
      upperLimit: ${upperLimit}
  duration:
    intervalSeconds: 12
    iterationsPerLoop: 5
  versionInfo:
  baseline:
    name: current
    variables:
    - name: revision
      value: sample-app-v1
  candidates:
  - name: candidate
    variables:
    - name: revision
      value: sample-app-v2
`;
}
