import type { PrometheusPlace } from '../../metrics/prometheus/access.ts';
import type { Base } from '../../sandbox/base.ts';
import { startPrometheus } from '../../sandbox/prometheus/prometheus.ts';
import type { PrometheusOptions } from '../../sandbox/prometheus/prometheus.ts';
import { identityAttributes } from '../../test/support/otlp-push.ts';
import { startPrometheus as startReceiver } from '../../test/support/prometheus-server.ts';
import { productsBehindProxies, storeNamespace } from '../../test/support/store-dialects.ts';
import { startStoreProxy } from '../../test/support/store-proxy.ts';
import { startVictoriaMetrics } from '../../test/support/victoria-metrics.ts';

/** A store that readers ask. */
export interface Store {
  readonly name: string;
  readonly place: PrometheusPlace;
  readonly lagMs: number;
}

export interface Stores {
  readonly stores: readonly Store[];
  /** Where histograms without fixed boundaries are pushed to. */
  readonly receiverUrl: string;
  close(): Promise<void>;
}

/** How late the products behind a proxy show samples. */
const lags = [0, 15_000, 60_000];

/** Starts all stores that can run here, and before one of them a proxy for each other product and lag. */
export async function startStores(base: Base, scraped: PrometheusOptions): Promise<Stores> {
  // OpenShift has the namespace as a label of each series.
  const labelled = { static_configs: [{ targets: [scraped.target], labels: { namespace: storeNamespace } }] };
  const { url: classic } = await startPrometheus(base, { ...scraped, job: labelled });
  const custom = { scrape_native_histograms: true, convert_classic_histograms_to_nhcb: true };
  const { url: nhcb } = await startPrometheus(base, { ...scraped, name: 'nhcb', job: custom });
  const victoria = await startVictoriaMetrics(scraped);
  const receiver = await startReceiver({ promotedAttributes: identityAttributes });
  const proxies = await Promise.all(
    (await productsBehindProxies(base.stateDirectory)).flatMap((product) =>
      lags.map(async (lagMs) => {
        const { name } = product.dialect;
        const proxy = await startStoreProxy({ upstream: classic, dialect: product.dialect, lagMs });
        const place = { baseUrl: `${proxy.url}${product.parameters ?? ''}`, access: product.access };
        return { store: { name: `${name} (proxy)`, place, lagMs }, proxy };
      }),
    ),
  );
  const real = { lagMs: 0 };
  return {
    receiverUrl: receiver.url,
    stores: [
      { ...real, name: 'Prometheus', place: { baseUrl: classic } },
      { ...real, name: 'Prometheus, custom buckets', place: { baseUrl: nhcb } },
      { ...real, name: 'Prometheus, native, pushed', place: { baseUrl: receiver.url } },
      { ...real, name: 'VictoriaMetrics', place: { baseUrl: victoria.url } },
      ...proxies.map(({ store }) => store),
    ],
    close: async () => {
      await Promise.all(proxies.map(({ proxy }) => proxy.close()));
      await Promise.all([victoria.remove(), receiver.remove()]);
    },
  };
}
