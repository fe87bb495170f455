import { useEffect, useRef, useState } from 'preact/hooks';
import type { RequestKind } from '../../core/planner/requests.ts';
import type { Report } from '../../core/report/report.ts';
import { limits } from '../../core/text/limits.ts';
import type { ExperimentPage } from '../../server/api.ts';
import { sendAsk } from '../server-connection.ts';

interface ActionsProps {
  readonly page: ExperimentPage;
  readonly user: string;
}

/** A request with what it does, said before it is sent. */
interface Action {
  readonly request: RequestKind;
  readonly words: string;
  readonly effect: (report: Report) => string;
  readonly isDangerous?: boolean;
}

const actions: Readonly<Record<RequestKind, Action>> = {
  approve: {
    request: 'approve',
    words: 'Approve',
    effect: ({ winner, target }) =>
      `${winner ?? 'The candidate'} is promoted: its release is made, and it gets all traffic of ${target.namespace}/${target.name}.`,
  },
  reject: {
    request: 'reject',
    words: 'Reject',
    effect: ({ baseline }) =>
      `The experiment rolls back: all traffic goes to ${baseline.name}, and nothing is promoted.`,
    isDangerous: true,
  },
  pause: {
    request: 'pause',
    words: 'Pause',
    effect: () =>
      'No candidate gets more traffic, and none is promoted, until somebody resumes. Observation and roll back go on.',
  },
  resume: { request: 'resume', words: 'Resume', effect: () => 'The experiment goes on where it was.' },
  abort: {
    request: 'abort',
    words: 'Abort',
    effect: ({ baseline }) => `All traffic goes to ${baseline.name} at once, and the experiment ends.`,
    isDangerous: true,
  },
};

/** The requests that apply now. */
function applicable({
  awaitingApproval,
  approved,
  paused,
  abortRequested,
  stage,
  outcome,
}: Report): readonly RequestKind[] {
  if (outcome !== undefined || abortRequested !== undefined) return [];
  const gate: readonly RequestKind[] =
    awaitingApproval !== undefined && approved === undefined ? ['approve', 'reject'] : [];
  const isSteered = stage === 'Running' || stage === 'Initializing' || stage === 'Waiting';
  const pausing: readonly RequestKind[] = isSteered ? [paused === undefined ? 'pause' : 'resume'] : [];
  return [...gate, ...pausing, 'abort'];
}

/** What a person may ask of the experiment now. */
export function Actions({ page, user }: ActionsProps) {
  const [open, setOpen] = useState<RequestKind>();
  const [said, setSaid] = useState<{ readonly text: string; readonly isBad: boolean }>();
  const { report, isClosed, workflowId } = page;
  const kinds = report === undefined || isClosed ? [] : applicable(report);
  const isOver = open !== undefined && !kinds.includes(open);
  const send = async (request: RequestKind, reason: string): Promise<void> => {
    setOpen(undefined);
    setSaid({ text: `${actions[request].words} is sent …`, isBad: false });
    try {
      const firstRunId = report?.firstRunId ?? '';
      const { message } = await sendAsk({ workflowId, firstRunId, request, ...(reason === '' ? {} : { reason }) });
      setSaid({ text: message, isBad: false });
    } catch (error) {
      setSaid({ text: error instanceof Error ? error.message : String(error), isBad: true });
    }
  };
  if (kinds.length === 0 && said === undefined && open === undefined) return null;
  return (
    <section class="actions" aria-label="Actions">
      {kinds.map((kind) => (
        <button
          key={kind}
          type="button"
          class={`${kind === 'approve' ? 'primary' : ''} ${actions[kind].isDangerous === true ? 'danger' : ''}`}
          onClick={() => setOpen(kind)}
        >
          {actions[kind].words} …
        </button>
      ))}
      <span class="quiet">as {user}</span>
      <p class={said?.isBad === true ? 'said bad' : 'said'} role="status">
        {said?.text}
      </p>
      {open !== undefined && report !== undefined && (
        <Confirmation
          action={actions[open]}
          report={report}
          isOver={isOver}
          onCancel={() => setOpen(undefined)}
          onConfirm={(reason) => void send(open, reason)}
        />
      )}
    </section>
  );
}

interface ConfirmationProps {
  readonly action: Action;
  readonly report: Report;
  /** Whether it does not apply any more. */
  readonly isOver: boolean;
  readonly onCancel: () => void;
  readonly onConfirm: (reason: string) => void;
}

function Confirmation({ action, report, isOver, onCancel, onConfirm }: ConfirmationProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [reason, setReason] = useState('');
  useEffect(() => dialog.current?.showModal(), []);
  const { words, effect, isDangerous = false } = action;
  return (
    <dialog ref={dialog} aria-labelledby="confirmation" onClose={onCancel}>
      <form
        method="dialog"
        onSubmit={(event) => {
          event.preventDefault();
          if (!isOver) onConfirm(reason.trim());
        }}
      >
        <h2 id="confirmation">
          {words} {report.name}?
        </h2>
        <p>{isOver ? 'This does not apply any more: the experiment has gone on meanwhile.' : effect(report)}</p>
        <label>
          <span>Reason, shown to all who look at the experiment</span>
          <input
            type="text"
            value={reason}
            maxLength={limits.requestReason}
            onInput={({ currentTarget }) => setReason(currentTarget.value)}
          />
        </label>
        <div class="buttons">
          <button type="button" onClick={onCancel}>
            Cancel
          </button>
          <button type="submit" class={isDangerous ? 'danger primary' : 'primary'} disabled={isOver}>
            {words}
          </button>
        </div>
      </form>
    </dialog>
  );
}
