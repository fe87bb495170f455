import { useId, useRef } from 'preact/hooks';
import type { Issue } from '../../formats/document/issue.ts';
import { Sign } from '../parts/sign.tsx';
import { findOffset } from './read-text.ts';
import type { TextReading } from './read-text.ts';

interface ManifestEditorProps {
  readonly text: string;
  readonly setText: (text: string) => void;
  /** What was read of the text; undefined while there is none. */
  readonly reading: TextReading | undefined;
}

/** A manifest, written, pasted, dropped or from a file, with what is wrong in it. */
export function ManifestEditor({ text, setText, reading }: ManifestEditorProps) {
  const editor = useRef<HTMLTextAreaElement>(null);
  const check = useId();
  const show = (issue: Issue): void => {
    const offset = findOffset(text, issue);
    editor.current?.focus();
    editor.current?.setSelectionRange(offset, offset + 1);
  };
  const open = async (file: File | undefined): Promise<void> => {
    if (file !== undefined) setText(await file.text());
  };
  return (
    <>
      <label class="editor">
        <span>Manifest, YAML or JSON</span>
        <textarea
          ref={editor}
          value={text}
          rows={16}
          spellcheck={false}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
          onDragOver={(event) => event.preventDefault()}
          onDrop={(event) => {
            event.preventDefault();
            void open(event.dataTransfer?.files[0]);
          }}
        />
      </label>
      <label class="file">
        <span>or a file</span>
        <input
          type="file"
          accept=".yaml,.yml,.json"
          onChange={({ currentTarget }) => void open(currentTarget.files?.[0])}
        />
      </label>
      {reading !== undefined && (
        <section aria-labelledby={check}>
          <h2 id={check}>Check</h2>
          <Issues issues={reading.issues} tone="bad" sign="✗" show={show} />
          <Issues issues={reading.warnings} tone="warning" sign="!" show={show} />
          {reading.issues.length === 0 && (
            <p role="status">
              <Sign sign="✓" words="it can be used" tone="good" />
            </p>
          )}
        </section>
      )}
    </>
  );
}

interface IssuesProps {
  readonly issues: readonly Issue[];
  readonly tone: string;
  readonly sign: string;
  readonly show: (issue: Issue) => void;
}

function Issues({ issues, tone, sign, show }: IssuesProps) {
  if (issues.length === 0) return null;
  return (
    <ul class="issues">
      {issues.map((issue, index) => (
        <li key={index}>
          <span class={`badge ${tone}`} aria-hidden="true">
            {sign}
          </span>
          <button type="button" onClick={() => show(issue)}>
            {issue.line === undefined ? 'manifest' : `line ${issue.line}, column ${issue.column ?? 1}`}
          </button>
          <span>
            <code>{issue.path}</code>: expected {issue.expected}, got {issue.got}
          </span>
        </li>
      ))}
    </ul>
  );
}
