import { readFileSync } from 'node:fs';
import { readWorkerConfig } from '../../formats/worker/read-settings.ts';
import { accessProblems } from '../../metrics/prometheus/access.ts';
import type { PrometheusPlace } from '../../metrics/prometheus/access.ts';

/** Where Prometheus is and how it is reached, as the command line or the environment of a worker says it. */
export interface PrometheusFlags {
  readonly prometheus?: string;
  readonly prometheusHeaders?: string;
  readonly prometheusTokenFile?: string;
  readonly prometheusCaFile?: string;
  readonly prometheusCertificateFile?: string;
  readonly prometheusKeyFile?: string;
  readonly prometheusMatchers?: string;
}

/** A place to ask, none, or what is wrong with the settings, each problem with its setting. */
export type PlaceReading =
  | { readonly kind: 'place'; readonly place: PrometheusPlace }
  | { readonly kind: 'none' }
  | { readonly kind: 'problems'; readonly problems: readonly string[] };

/** Reads the flags as a worker reads its settings, with its checks. */
export function readPrometheusPlace(flags: PrometheusFlags): PlaceReading {
  if (flags.prometheus === undefined) return { kind: 'none' };
  const reading = readWorkerConfig(prometheusSettings(flags), readFileSync);
  if (reading.kind === 'problems') return reading;
  const place = { baseUrl: reading.settings.prometheusUrl, access: reading.settings };
  const problems = accessProblems(place);
  return problems.length === 0 ? { kind: 'place', place } : { kind: 'problems', problems };
}

/** The flags as the environment of a worker has them. */
export function prometheusSettings(flags: PrometheusFlags) {
  return {
    SERIN_PROMETHEUS_URL: flags.prometheus,
    SERIN_PROMETHEUS_HEADERS: flags.prometheusHeaders,
    SERIN_PROMETHEUS_TOKEN_FILE: flags.prometheusTokenFile,
    SERIN_PROMETHEUS_CA_FILE: flags.prometheusCaFile,
    SERIN_PROMETHEUS_CERTIFICATE_FILE: flags.prometheusCertificateFile,
    SERIN_PROMETHEUS_KEY_FILE: flags.prometheusKeyFile,
    SERIN_PROMETHEUS_MATCHERS: flags.prometheusMatchers,
  };
}
