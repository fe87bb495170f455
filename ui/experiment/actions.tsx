import { useEffect, useRef, useState } from 'preact/hooks';
import type { RequestKind } from '../../core/planner/requests.ts';
import { findPromotable } from '../../core/report/headline.ts';
import { limits } from '../../core/text/limits.ts';
import type { ExperimentPage } from '../../server/api.ts';
import { sendAsk } from '../server-connection.ts';

interface ActionsProps {
  readonly page: ExperimentPage;
  readonly user: string;
}

/** A request with what it does, said before it is sent. */
interface Action {
  readonly words: string;
  readonly effect: (page: ExperimentPage) => string;
  readonly isDangerous?: boolean;
}

const actions: Readonly<Record<RequestKind, Action>> = {
  approve: {
    words: 'Approve',
    effect: ({ report }) => {
      const version = (report && findPromotable(report)) ?? 'The candidate that wins';
      const { approvers } = report?.awaitingApproval ?? {};
      if (approvers !== undefined && approvers.count > 1) {
        return `Your approval counts, by your verified name. With ${approvers.count} of them ${version} may be promoted.`;
      }
      return `${version} may be promoted: it is as soon as its objectives hold and nobody has paused the experiment.`;
    },
  },
  reject: {
    words: 'Reject',
    effect: ({ report }) => {
      const back = `The experiment rolls back: all traffic goes to ${report?.baseline.name}`;
      return report?.baking === undefined
        ? `${back}, and nothing is promoted.`
        : `${back}, and the finish actions run for it.`;
    },
    isDangerous: true,
  },
  pause: {
    words: 'Pause',
    effect: () =>
      'No candidate gets more traffic, and none is promoted, until somebody resumes. Observation and roll back go on.',
  },
  resume: { words: 'Resume', effect: () => 'The experiment goes on where it was.' },
  abort: { words: 'Abort', effect: abortEffect, isDangerous: true },
};

function abortEffect({ report, attention, workflowId }: ExperimentPage): string {
  if (attention === 'stuck') {
    return `The abort is recorded, but this run cannot act: \`serin abort ${workflowId}\` brings the traffic back.`;
  }
  const isMoved = report?.startedAtMs !== undefined && report.testingPattern !== 'Conformance';
  const what = isMoved
    ? `All traffic goes to ${report.baseline.name}, and the experiment ends.`
    : 'The experiment ends. Traffic that it has not moved stays as it is.';
  return attention === 'silent' || report === undefined ? `As soon as a worker runs: ${what}` : `At once: ${what}`;
}

/** The requests that apply now. An abort is recorded even while nobody answers. */
function applicable({ report, isClosed }: ExperimentPage): readonly RequestKind[] {
  if (isClosed || report?.outcome !== undefined || report?.abortRequested !== undefined) return [];
  if (report === undefined) return ['abort'];
  const { awaitingApproval, approved, baking, paused, stage } = report;
  if (baking !== undefined) return baking.rejected === undefined ? ['reject', 'abort'] : [];
  const gate: readonly RequestKind[] = approved === undefined ? ['approve', 'reject'] : ['reject'];
  const isSteered = stage === 'Running' || stage === 'Initializing' || stage === 'Waiting';
  const pausing: readonly RequestKind[] = isSteered ? [paused === undefined ? 'pause' : 'resume'] : [];
  return [...(awaitingApproval === undefined ? [] : gate), ...pausing, 'abort'];
}

/** A dialog that is open: the request, and the run that the person saw. */
interface Open {
  readonly request: RequestKind;
  readonly firstRunId: string;
  /** Of a decision: the gate that the person saw. */
  readonly gateMs?: number;
}

/** The gate that a request is about, by when it was opened. */
function gateOf(request: RequestKind, { report }: ExperimentPage): { readonly gateMs?: number } {
  const gateMs = report?.awaitingApproval?.sinceMs;
  return (request === 'approve' || request === 'reject') && gateMs !== undefined ? { gateMs } : {};
}

/** What a person may ask of the experiment now. */
export function Actions({ page, user }: ActionsProps) {
  const [open, setOpen] = useState<Open>();
  const [said, setSaid] = useState<{ readonly text: string; readonly isBad: boolean }>();
  const { workflowId } = page;
  const firstRunId = page.report?.firstRunId ?? page.firstRunId;
  const kinds = firstRunId === undefined ? [] : applicable(page);
  const isOver =
    open !== undefined &&
    (!kinds.includes(open.request) ||
      open.firstRunId !== firstRunId ||
      open.gateMs !== gateOf(open.request, page).gateMs);
  const send = async ({ request, ...run }: Open, reason: string): Promise<void> => {
    setOpen(undefined);
    setSaid({ text: `${actions[request].words} is sent …`, isBad: false });
    try {
      const { message } = await sendAsk({ workflowId, ...run, request, ...(reason === '' ? {} : { reason }) });
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
          onClick={() => firstRunId !== undefined && setOpen({ request: kind, firstRunId, ...gateOf(kind, page) })}
        >
          {actions[kind].words} …
        </button>
      ))}
      <span class="quiet">as {user}</span>
      <p class={said?.isBad === true ? 'said bad' : 'said'} role="status">
        {said?.text}
      </p>
      {open !== undefined && (
        <Confirmation
          action={actions[open.request]}
          page={page}
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
  readonly page: ExperimentPage;
  /** Whether it does not apply any more. */
  readonly isOver: boolean;
  readonly onCancel: () => void;
  readonly onConfirm: (reason: string) => void;
}

function Confirmation({ action, page, isOver, onCancel, onConfirm }: ConfirmationProps) {
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
          {words} {page.report?.name || page.workflowId}?
        </h2>
        <p>{isOver ? 'This does not apply any more: the experiment has gone on meanwhile.' : effect(page)}</p>
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
