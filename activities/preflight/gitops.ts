import { formatObjectName } from '../../core/experiment/experiment.ts';
import { ownsTraffic } from '../../kubernetes/knative/objects.ts';
import type { KnativeService } from '../../kubernetes/knative/objects.ts';

/** A controller that keeps objects as a repository has them, and how its objects can be told. */
interface Controller {
  readonly title: string;
  /** Labels and annotations that it puts onto objects. */
  readonly marks: readonly string[];
  /** The names under which it owns fields. */
  readonly managers: readonly string[];
}

const controllers: readonly Controller[] = [
  {
    title: 'Argo CD',
    marks: ['argocd.argoproj.io/tracking-id', 'argocd.argoproj.io/instance'],
    managers: ['argocd-controller', 'argocd-application-controller'],
  },
  { title: 'Flux', marks: ['kustomize.toolkit.fluxcd.io/name'], managers: ['kustomize-controller'] },
  { title: "Flux's Helm controller", marks: ['helm.toolkit.fluxcd.io/name'], managers: ['helm-controller'] },
];

/** A warning for each controller that may put back what serin writes to the target. */
export function gitOpsWarnings(service: KnativeService): readonly string[] {
  return controllers.flatMap((controller) => {
    const mark = findMark(service, controller);
    return mark === undefined ? [] : [describe(service, controller, mark)];
  });
}

function findMark({ metadata }: KnativeService, { marks, managers }: Controller): string | undefined {
  const found = marks.find((mark) => mark in { ...metadata.labels, ...metadata.annotations });
  if (found !== undefined) return found;
  const manager = metadata.managedFields?.find((entry) => managers.includes(entry.manager ?? ''));
  return manager === undefined ? undefined : `fields of ${manager.manager}`;
}

function describe(service: KnativeService, { title, managers }: Controller, mark: string): string {
  const name = formatObjectName(service.metadata);
  const owns = managers.some((manager) => ownsTraffic(service, manager));
  const danger = owns
    ? 'it has written spec.traffic, and will put it back when it syncs, which stops the run'
    : 'where its source has spec.traffic, it puts that back when it syncs, which stops the run';
  return `Knative Service ${name} is kept by ${title} (${mark}): ${danger}; docs/gitops.md says how to leave spec.traffic to serin`;
}
