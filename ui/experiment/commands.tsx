import { useState } from 'preact/hooks';
import type { ServerFacts } from '../../server/api.ts';

interface CommandsProps {
  readonly workflowId: string;
  /** `namespace/name` of the Knative Service, where it is known. */
  readonly target: string | undefined;
  readonly isClosed: boolean;
  /** Where it runs, which is not where commands look by themselves. */
  readonly temporal: ServerFacts['temporal'] | undefined;
}

/** Commands that look at the experiment, or act on it, without this page. */
export function Commands({ workflowId, target, isClosed, temporal }: CommandsProps) {
  const [namespace = '', name = ''] = target?.split('/') ?? [];
  const id = quote(workflowId);
  const at =
    temporal === undefined ? '' : ` --address ${quote(temporal.address)} --namespace ${quote(temporal.namespace)}`;
  const serin = (command: string, more = ''): string => `serin ${command} ${id}${more}${at}`;
  const commands = [
    serin('describe', ' --wide'),
    ...(isClosed ? [serin('explain')] : [serin('watch'), serin('abort')]),
    serin('report'),
    `temporal workflow show --workflow-id ${id}${at}`,
    ...(target === undefined ? [] : [`kubectl get ksvc ${quote(name)} --namespace ${quote(namespace)} -o yaml`]),
  ];
  return (
    <section aria-labelledby="commands">
      <h2 id="commands">Commands</h2>
      <ul class="commands">
        {commands.map((command) => (
          <Command key={command} command={command} />
        ))}
      </ul>
    </section>
  );
}

function Command({ command }: { readonly command: string }) {
  const [isCopied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(command);
    setCopied(true);
  };
  return (
    <li>
      <code>{command}</code>
      <button type="button" aria-label={`Copy: ${command}`} onClick={() => void copy()}>
        {isCopied ? 'copied' : 'copy'}
      </button>
    </li>
  );
}

/** A word that a shell takes as it is, whatever is in it. */
function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
