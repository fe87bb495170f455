import { useState } from 'preact/hooks';

interface CommandsProps {
  readonly workflowId: string;
  /** `namespace/name` of the Knative Service, where it is known. */
  readonly target: string | undefined;
  readonly isClosed: boolean;
}

/** Commands that look at the experiment, or act on it, without this page. */
export function Commands({ workflowId, target, isClosed }: CommandsProps) {
  const [namespace, name] = target?.split('/') ?? [];
  const commands = [
    `serin describe ${workflowId} --wide`,
    ...(isClosed ? [`serin explain ${workflowId}`] : [`serin watch ${workflowId}`, `serin abort ${workflowId}`]),
    `serin report ${workflowId}`,
    `temporal workflow show --workflow-id ${workflowId}`,
    ...(namespace === undefined ? [] : [`kubectl get ksvc ${name} -n ${namespace} -o yaml`]),
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
