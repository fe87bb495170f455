import { formatObjectName } from '../../core/experiment/experiment.ts';
import type { ObjectName } from '../../core/experiment/experiment.ts';
import type { KnativeService, Revision } from '../../kubernetes/knative/objects.ts';
import type { ActivityCluster } from './cluster.ts';
import type { TargetReads } from './watched-namespace.ts';

/** An observation and the step that follows from it are this close together, ms. */
const recentMs = 1_000;

/** Objects by their names, with the time at which they were asked for. */
class Recent<T> {
  readonly #found = new Map<string, { readonly object: T; readonly askedAtMs: number }>();

  keep(name: ObjectName, object: T, askedAtMs: number): void {
    const key = formatObjectName(name);
    // The oldest comes first, so that only what is recent is kept.
    this.#found.delete(key);
    this.#found.set(key, { object, askedAtMs });
    for (const [oldest, { askedAtMs: atMs }] of this.#found) {
      if (performance.now() - atMs <= recentMs) break;
      this.#found.delete(oldest);
    }
  }

  take(name: ObjectName): T | undefined {
    const key = formatObjectName(name);
    const found = this.#found.get(key);
    this.#found.delete(key);
    return found !== undefined && performance.now() - found.askedAtMs <= recentMs ? found.object : undefined;
  }
}

/**
 * What observations have just read of their targets, for the writes that follow from them: a write is refused where the service has changed
 * meanwhile, and then reads it anew.
 */
export class RecentReads {
  readonly #services = new Recent<KnativeService>();
  readonly #revisions = new Recent<Revision>();

  /** The cluster as an observation reads it. */
  keeping(cluster: TargetReads): TargetReads {
    return {
      readService: (name) => keepRead(this.#services, name, cluster.readService),
      readRevision: (name) => keepRead(this.#revisions, name, cluster.readRevision),
    };
  }

  /** The cluster as a write reads it: each object as it was observed, once, and from then on as it is. */
  reusing(cluster: ActivityCluster): ActivityCluster {
    return {
      ...cluster,
      readService: async (name) => this.#services.take(name) ?? cluster.readService(name),
      readRevision: async (name) => this.#revisions.take(name) ?? cluster.readRevision(name),
    };
  }
}

async function keepRead<T>(
  recent: Recent<T>,
  name: ObjectName,
  read: (name: ObjectName) => Promise<T | undefined>,
): Promise<T | undefined> {
  // What was read before is not believed any more, also where this reading fails.
  recent.take(name);
  const askedAtMs = performance.now();
  const object = await read(name);
  if (object !== undefined) recent.keep(name, object, askedAtMs);
  return object;
}
