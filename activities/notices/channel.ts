import type { Notice } from '../../core/experiment/notice.ts';
import type { NoticeSource } from '../../contract/notices.ts';
import type { AllowedHosts } from '../http/allowed-hosts.ts';

/** A notice as it is delivered. */
export interface Delivery {
  readonly notice: Notice;
  /** Equal in all attempts. */
  readonly key: string;
  readonly source: NoticeSource;
  readonly links: readonly Link[];
  /** What people call the cluster; undefined where nobody has said. */
  readonly clusterName?: string;
  /** What the first message of the experiment is called at the receiver. */
  readonly thread?: string;
}

export interface Link {
  readonly title: string;
  readonly url: string;
}

/** From where a receiver is reached. */
export interface Place extends AllowedHosts {
  /** Ends what is being sent. */
  readonly signal: AbortSignal;
  /** What a server has said, without what is secret of its receiver, cut. */
  readonly show: (said: string) => string;
}

/** How an attempt at one notice has ended; nothing that is said has secrets in it. */
export type Sending =
  /** @property lack what of it was refused all the same. */
  | { readonly kind: 'delivered'; readonly thread?: string; readonly lack?: string }
  /** It will never be delivered. */
  | { readonly kind: 'refused'; readonly why: string }
  /** It may be, later. */
  | { readonly kind: 'failed'; readonly why: string; readonly retryAfterMs?: number };

/** What a receiver may take for one notice, ms. */
export const deliveryLimitMs = 5_000;

/** `shop/checkout`, before it the cluster's name where it has one. */
export function sourceTitle({ source, clusterName }: Pick<Delivery, 'source' | 'clusterName'>): string {
  const title = `${source.namespace}/${source.name}`;
  return clusterName === undefined ? title : `${clusterName}: ${title}`;
}
