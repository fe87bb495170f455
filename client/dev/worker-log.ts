import { isJsonObject, parseJson, readField } from '../../core/text/json.ts';
import type { JsonObject } from '../../core/text/json.ts';

/** What `serin dev` learns from the log of its worker. */
export interface WorkerLog {
  healthAddress: string;
  /** The worker has connected, and is about to poll. */
  isStarted: boolean;
}

/** Reads a line into what is known, and returns what a person reads of it; says `warning` of a worker that has started. */
export function readWorkerLog(line: string, known: WorkerLog, warning: (text: string) => void): string {
  const entry = parseJson(line);
  if (!isJsonObject(entry)) return line;
  const { level, msg, healthAddress } = entry;
  const text = describeEntry(entry);
  if (typeof healthAddress === 'string') known.healthAddress = healthAddress;
  if (msg === 'worker started') known.isStarted = true;
  if (known.isStarted && (level === 'warn' || level === 'error')) warning(text);
  return text;
}

const usual: ReadonlySet<string> = new Set(['level', 'time', 'pid', 'hostname', 'msg', 'error']);

function describeEntry(entry: JsonObject): string {
  const fields = Object.entries(entry).filter(([name, value]) => !usual.has(name) && typeof value !== 'object');
  const error = readField(entry['error'], 'message');
  const message = typeof error === 'string' ? `${String(entry['msg'])}: ${error}` : String(entry['msg']);
  return [message, ...fields.map(([name, value]) => `${name}=${String(value)}`)].join('  ');
}
