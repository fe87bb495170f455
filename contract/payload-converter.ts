import { defaultPayloadConverter } from '@temporalio/common';
import type { PayloadConverter } from '@temporalio/common';

/** What stands in for an argument that somebody sent and that cannot be read. */
export class Unreadable {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

/**
 * The converter of the workflows. What others send to a workflow (its arguments, signals, updates, queries) never throws: an argument
 * that cannot be read is `Unreadable`, for its handler to answer. Results of activities are serin's own; they fail the workflow task,
 * which is tried again until they can be read.
 */
export const payloadConverter: PayloadConverter = {
  toPayload: (value, context, hint) => defaultPayloadConverter.toPayload(value, context, hint),
  fromPayload: (payload, context) => {
    try {
      return defaultPayloadConverter.fromPayload(payload, context);
    } catch (error) {
      if (context?.type !== 'workflow') throw error;
      // Whoever takes what others sent looks for it first.
      return new Unreadable(readFault(payload, error)) as never;
    }
  },
};

/** The most characters of an encoding's name that a message repeats. */
const longestEncoding = 60;

function readFault({ metadata }: Parameters<PayloadConverter['fromPayload']>[0], error: unknown): string {
  const encoding = metadata?.['encoding'];
  const name = encoding === undefined || encoding === null ? 'none' : decodeText(encoding);
  if (name === 'binary/encrypted') return 'it is encrypted with a key that the worker does not have';
  if (name === 'json/plain') return 'it is no JSON';
  const why = error instanceof Error ? error.name : 'an error';
  return `its encoding ${JSON.stringify(name.slice(0, longestEncoding))} cannot be read (${why})`;
}

function decodeText(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.slice(0, longestEncoding + 1));
}
