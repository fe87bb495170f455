import manifest from '../package.json' with { type: 'json' };
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import type { OutputConfiguration } from 'commander';
import { assertedConditions, isAssertedCondition } from '../core/report/assertion.ts';
import type { AssertedCondition } from '../core/report/assertion.ts';
import { defined } from '../core/text/defined.ts';
import { parseDuration } from '../core/text/duration.ts';
import { siblingModule } from '../core/text/sibling-module.ts';
import { outcomes, stages } from '../core/experiment/stage.ts';
import { defaultTaskQueue } from '../contract/names.ts';
import type { AbortFlags } from './commands/abort.ts';
import type { AssessFlags } from './commands/assess.ts';
import type { BacktestFlags } from './commands/backtest.ts';
import type { DescribeFlags } from './commands/describe.ts';
import type { DevFlags } from './commands/dev.ts';
import type { DoctorFlags } from './commands/doctor.ts';
import type { ExplainFlags } from './commands/explain.ts';
import type { GetFlags } from './commands/get.ts';
import type { LintFlags } from './commands/lint.ts';
import type { CodecFlags } from './commands/codec.ts';
import type { OperatorFlags } from './commands/operator.ts';
import type { ServerFlags } from './commands/server.ts';
import type { ReportFlags } from './commands/report.ts';
import type { RestoreFlags } from './commands/restore.ts';
import type { OfVersion, SimulateFlags } from './commands/simulate.ts';
import type { StartFlags } from './commands/start.ts';
import type { RequestFlags, SteerKind } from './temporal/requests.ts';
import type { UiFlags } from './commands/ui.ts';
import { shells } from './completion/shells.ts';
import type { Shell } from './completion/shells.ts';
import type { PrometheusFlags } from './files/prometheus-place.ts';
import type { CommandContext, CommandResult, ConnectionFlags, OutputFormat } from './context.ts';
import { CommandError } from './errors.ts';

/** A parsed command line. */
export interface Invocation {
  readonly action: (context: CommandContext) => Promise<CommandResult>;
  readonly output: OutputFormat;
  readonly connection: ConnectionFlags;
}

/** The options that commander hands to an action, whatever the command. */
interface CommonOptions extends ConnectionFlags {
  readonly output: OutputFormat;
}

interface FileOption {
  readonly file: string;
}

interface TimeoutOption {
  /** Seconds. */
  readonly timeout: number;
}

type Execute = (invocation: Invocation) => Promise<void>;

/** Builds all commands with their options; a command's implementation is imported when the command runs. */
export function buildCommands(program: string, output: OutputConfiguration, execute: Execute): Command {
  const root = new Command(program)
    .configureOutput(output)
    .description('Progressive delivery for Knative services, as durable experiments on Temporal.')
    .version(manifest.version)
    .exitOverride()
    .helpCommand(false)
    .showHelpAfterError(`See \`${program} --help\`.`)
    .addHelpText('after', exitCodes);
  addStart(root, execute);
  addDescribe(root, execute);
  addAssert(root, execute);
  addGet(root, execute);
  addWatch(root, execute);
  addAbort(root, execute);
  for (const kind of Object.keys(steerDescriptions) as SteerKind[]) addSteer(root, execute, kind);
  addRollback(root, execute);
  addRestore(root, execute);
  addDev(root, execute);
  addDoctor(root, execute);
  addLint(root, execute);
  addConvert(root, execute);
  addPlan(root, execute);
  addSimulate(root, execute);
  addAssess(root, execute);
  addExplain(root, execute);
  addBacktest(root, execute);
  addUi(root, execute);
  addServer(root, execute);
  addReport(root, execute);
  addOperator(root, execute);
  addCodec(root, execute);
  addWorker(root);
  addCompletion(root, execute);
  return root;
}

const exitCodes = `
ID is a workflow id, NAMESPACE/NAME or NAME of an experiment, or NAMESPACE/NAME of the Knative Service on which one runs.
Connects as the Temporal CLI does: TEMPORAL_* environment variables and temporal.toml.
Exit codes: 0 done; 1 the answer is no (refused, not found, rolled back, unreachable); 2 usage or manifest; 130 interrupted.
Of assert: 0 all conditions hold; 1 one does not, finally; 2 usage; 3 not known within the time; 4 not found, unreachable; 130.`;

function addStart(root: Command, execute: Execute): void {
  withOutput(withConnection(root.command('start')), ['text', 'json'])
    .description('check a manifest and start its experiment')
    .requiredOption('-f, --file <file>', 'manifest, YAML or JSON; - reads the standard input')
    .addOption(taskQueueOption())
    .option('--id <id>', 'workflow id (default: experiment/NAMESPACE/NAME, which fails while it runs)')
    .option('--watch', 'follow it to its end', false)
    .option('--timeout <duration>', 'with --watch: how long to follow it (default: to its end)', seconds)
    .action(async (options: Omit<StartFlags, 'timeoutMs'> & Partial<TimeoutOption> & CommonOptions) => {
      await execute(
        invocation(options, async (context) =>
          (await import('./commands/start.ts')).startCommand(context, { ...options, ...parsedTimeout(options) }),
        ),
      );
    });
}

function addDescribe(root: Command, execute: Execute): void {
  withOutput(withConnection(root.command('describe')), ['text', 'json'])
    .description("an experiment as text: iter8ctl's sections, and its outcome")
    .addArgument(new Argument('[id]', 'the experiment'))
    .option('-f, --file <file>', `${experimentFile}; - reads the standard input`)
    .option('--wide', 'also traffic, time left, verdicts with their reasons, iterations, warnings', false)
    .action(async (id: string | undefined, flags: DescribeFlags & Partial<FileOption> & CommonOptions) => {
      await execute(
        invocation(flags, async (context) => {
          const { describeCommand, describeFileCommand } = await import('./commands/describe.ts');
          const { file } = flags;
          if (file !== undefined && id === undefined) return describeFileCommand(context, { file, flags });
          if (id !== undefined && file === undefined) return describeCommand(context, { id, flags });
          throw new CommandError('usage', 'describe takes either ID or -f FILE');
        }),
      );
    });
}

const experimentFile = 'what `get ID -o yaml` or `kubectl get experiment -o yaml` has printed';

interface AssertOptions extends Partial<FileOption>, Partial<TimeoutOption> {
  readonly conditions: readonly AssertedCondition[];
}

function addAssert(root: Command, execute: Execute): void {
  withOutput(withConnection(root.command('assert')), ['text', 'json'])
    .description('wait for the end of an experiment, and say by the exit code whether conditions hold')
    .addArgument(new Argument('[id]', 'the experiment'))
    .requiredOption('-c, --conditions <names>', 'what must hold, with commas between', conditionList)
    .option('-f, --file <file>', `${experimentFile}, as it is; - reads the standard input`)
    .option('--timeout <duration>', 'how long to wait, such as 10m; 0 looks once (default: to its end)', secondsOrNone)
    .addHelpText('after', conditionHelp)
    .action(async (id: string | undefined, { file, conditions, ...options }: AssertOptions & CommonOptions) => {
      await execute(
        invocation(options, async (context) => {
          const { assertCommand, assertFileCommand } = await import('./commands/assert.ts');
          const flags = { conditions, ...parsedTimeout(options) };
          if (file !== undefined && id === undefined) return assertFileCommand(context, { file, flags });
          if (id !== undefined && file === undefined) return assertCommand(context, { id, flags });
          throw new CommandError('usage', 'assert takes either ID or -f FILE');
        }),
      );
    });
}

const conditionHelp = `
Conditions:
${[...assertedConditions].map(([name, meaning]) => `  ${name.padEnd(14)} ${meaning}`).join('\n')}`;

function conditionList(text: string, given: readonly AssertedCondition[] = []): readonly AssertedCondition[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.filter((name) => !isAssertedCondition(name));
  if (unknown.length === 0) return [...new Set([...given, ...names.filter(isAssertedCondition)])];
  throw new InvalidArgumentError(`Expected some of ${[...assertedConditions.keys()].join(', ')}.`);
}

function addGet(root: Command, execute: Execute): void {
  withOutput(withConnection(root.command('get')), ['text', 'wide', 'json', 'yaml'])
    .description('list experiments, or show those named')
    .argument('[ids...]', 'the experiments (default: the newest)')
    .option('-w, --watch', 'print a line whenever one changes', false)
    .option('--target <namespace/name>', 'only experiments on this Knative Service')
    .addOption(new Option('--stage <stage>', 'only experiments in this stage').choices(stages))
    .addOption(new Option('--outcome <outcome>', 'only experiments that ended so').choices(outcomes))
    .option('--limit <n>', 'at most so many', wholeNumber, 50)
    .action(async (ids: string[], options: GetFlags & CommonOptions) => {
      await execute(
        invocation(options, async (context) =>
          (await import('./commands/get.ts')).getCommand(context, { ids, flags: options }),
        ),
      );
    });
}

function addWatch(root: Command, execute: Execute): void {
  withOutput(withConnection(root.command('watch')), ['text', 'json'])
    .description('follow an experiment to its end; exit code 0 if it was promoted')
    .argument('<id>', 'the experiment')
    .option('--timeout <duration>', 'how long to follow it (default: to its end)', seconds)
    .action(async (id: string, options: Partial<TimeoutOption> & CommonOptions) => {
      await execute(
        invocation(options, async (context) =>
          (await import('./commands/watch.ts')).watchCommand(context, id, parsedTimeout(options)),
        ),
      );
    });
}

function addAbort(root: Command, execute: Execute): void {
  withRequest(withOutput(withConnection(root.command('abort')), ['text', 'json']))
    .description('bring all traffic back to the baseline and end the experiment')
    .option('--no-wait', 'return when the request is recorded, not when the traffic is safe')
    .option('--force', 'bring the traffic back without asking where the run cannot, as its workflow task fails', false)
    .addOption(kubeconfigOption())
    .addOption(contextOption())
    .option('--timeout <duration>', 'how long to wait for the end', seconds, 120)
    .action(async (id: string, options: Omit<AbortFlags, 'timeoutMs'> & TimeoutOption & CommonOptions) => {
      await execute(
        invocation(options, async (context) => {
          const { abortCommand } = await import('./commands/abort.ts');
          return abortCommand(context, { id, flags: { ...options, timeoutMs: options.timeout * 1000 } });
        }),
      );
    });
}

const steerDescriptions: Readonly<Record<SteerKind, string>> = {
  approve: 'let the promotion happen; counts only while the approval gate is open',
  reject: 'refuse the promotion: the experiment rolls back',
  pause: 'freeze weight increases and the promotion; observation and roll back go on',
  resume: 'end a pause',
};

function addSteer(root: Command, execute: Execute, kind: SteerKind): void {
  withRequest(withOutput(withConnection(root.command(kind)), ['text', 'json']))
    .description(steerDescriptions[kind])
    .option('--timeout <duration>', "how long to wait for a worker's answer", seconds, 10)
    .action(async (id: string, options: RequestFlags & TimeoutOption & CommonOptions) => {
      await execute(
        invocation(options, async (context) => {
          const { steerCommand } = await import('./commands/steer.ts');
          return steerCommand(context, { kind, id, flags: { ...options, timeoutMs: options.timeout * 1000 } });
        }),
      );
    });
}

function addRollback(root: Command, execute: Execute): void {
  withRequestOptions(withOutput(withConnection(root.command('rollback')), ['text', 'json']))
    .description('roll back what was promoted, within its bake time; at an approval gate, refuse the promotion')
    .argument('<target>', 'namespace/name of the Knative Service')
    .option('--timeout <duration>', "how long to wait for a worker's answer", seconds, 10)
    .action(async (target: string, options: RequestFlags & TimeoutOption & CommonOptions) => {
      await execute(
        invocation(options, async (context) => {
          const { rollbackCommand } = await import('./commands/steer.ts');
          return rollbackCommand(context, { target, flags: { ...options, timeoutMs: options.timeout * 1000 } });
        }),
      );
    });
}

function addRestore(root: Command, execute: Execute): void {
  withOutput(withConnection(root.command('restore')), ['text', 'json'])
    .description('put a target back to 100 % baseline, when its experiment cannot run any more')
    .argument('<target>', 'namespace/name of the Knative Service')
    .option('--baseline <revision>', "the revision to restore (default: the one in the target's Lease)")
    .option('--force', 'although the experiment runs, or nobody knows whether it does', false)
    .addOption(kubeconfigOption())
    .addOption(contextOption())
    .option('--timeout <duration>', 'how long to wait for the cluster to confirm', seconds, 60)
    .action(async (target: string, options: Omit<RestoreFlags, 'timeoutMs'> & TimeoutOption & CommonOptions) => {
      await execute(
        invocation(options, async (context) => {
          const { restoreCommand } = await import('./commands/restore.ts');
          return restoreCommand(context, { target, flags: { ...options, timeoutMs: options.timeout * 1000 } });
        }),
      );
    });
}

function addDev(root: Command, execute: Execute): void {
  withPrometheus(withOutput(withConnection(root.command('dev')), ['text']), 'where the request metrics are')
    .description('run all that experiments need for a cluster: a Temporal, a worker, the operator; until interrupted')
    .option('--port <n>', "of Temporal's development server (default: 7233); its Web UI is 1000 above", devPort)
    .option('--state <dir>', 'where its data are (default: XDG_STATE_HOME/serin, ~/.local/state/serin)')
    .addOption(kubeconfigOption())
    .addOption(contextOption())
    .action(async (options: Omit<DevFlags, 'version'> & CommonOptions) => {
      await execute(
        invocation(options, async (context) => {
          const { devCommand } = await import('./commands/dev.ts');
          return devCommand(context, { ...options, version: manifest.version });
        }),
      );
    });
}

function addDoctor(root: Command, execute: Execute): void {
  withPrometheus(withOutput(withConnection(root.command('doctor')), ['text', 'json']), 'where the request metrics are')
    .description('check whether all that an experiment needs is in order; exit code 1 when something is not')
    .option('-f, --file <file>', 'manifest: looks at its target and release; - reads the standard input')
    .option('--target <namespace/name>', 'looks at this Knative Service (default: at all)')
    .addOption(taskQueueOption())
    .option('--as <user>', "whose rights to check (default: those of the account serin of the experiment's namespace)")
    .addOption(kubeconfigOption())
    .addOption(contextOption())
    .action(async (options: DoctorFlags & CommonOptions) => {
      await execute(
        invocation(options, async (context) => (await import('./commands/doctor.ts')).doctorCommand(context, options)),
      );
    });
}

function addLint(root: Command, execute: Execute): void {
  withOutput(root.command('lint'), ['text', 'json'])
    .description('check a manifest; exit code 2 when it cannot be used')
    .requiredOption('-f, --file <file>', 'Experiments and Metrics, YAML or JSON; - reads the standard input')
    .option('-n, --namespace <name>', 'of objects that name none, as kubectl apply -n gives it to them')
    .action(async (options: LintFlags & CommonOptions) => {
      await execute(
        invocation(options, async (context) => (await import('./commands/lint.ts')).lintCommand(context, options)),
      );
    });
}

function addConvert(root: Command, execute: Execute): void {
  withOutput(root.command('convert'), ['text'])
    .description(
      "print a manifest of iter8, or objects of Flagger or Argo Rollouts, in serin's own form, serin.dev/v1alpha1",
    )
    .requiredOption('-f, --file <file>', 'manifest, YAML or JSON; - reads the standard input')
    .option('--target <name>', 'the Knative Service of an AnalysisTemplate, which names none')
    .action(async (options: FileOption & { readonly target?: string } & CommonOptions) => {
      await execute(
        invocation(options, async (context) =>
          (await import('./commands/convert.ts')).convertCommand(context, {
            path: options.file,
            target: options.target,
          }),
        ),
      );
    });
}

function withConnection(command: Command): Command {
  return command
    .option('--address <host:port>', 'Temporal server (default: as the Temporal CLI is configured)')
    .option('-n, --namespace <name>', 'Temporal namespace');
}

function addPlan(root: Command, execute: Execute): void {
  withPrometheus(
    withOutput(root.command('plan'), ['text', 'json']),
    'reads the traffic and the latencies of the baseline',
  )
    .description('look ahead: the steps of a run, its duration, and what a verdict needs')
    .requiredOption('-f, --file <file>', 'manifest; - reads the standard input')
    .option('--rps <number>', 'requests a second to all versions together', positiveNumber)
    .addOption(weightOption())
    .option('--scrape-interval <seconds>', 'how often Prometheus scrapes', positiveNumber, 10)
    .action(async ({ scrapeInterval, ...options }: FileOption & CommonOptions & PlanOptions) => {
      await execute(
        invocation(options, async (context) => {
          const flags = { ...options, scrapeIntervalMs: scrapeInterval * 1000 };
          return (await import('./commands/plan.ts')).planCommand(context, flags);
        }),
      );
    });
}

interface PlanOptions extends PrometheusFlags {
  readonly rps?: number;
  readonly weight?: number;
  /** Seconds. */
  readonly scrapeInterval: number;
}

function addSimulate(root: Command, execute: Execute): void {
  withOutput(root.command('simulate'), ['text', 'json'])
    .description('run an experiment many times against random traffic, and count what becomes of a candidate')
    .requiredOption('-f, --file <file>', 'manifest; - reads the standard input')
    .requiredOption('--rps <number>', 'requests a second to all versions together', positiveNumber)
    .requiredOption(
      '--candidate-error-rate <[name=]share>',
      "the candidates' true error rate, such as 0.015; again with a name for one of several",
      ofVersion(share),
    )
    .option('--baseline-error-rate <share>', "the baseline's", share, 0.001)
    .option(
      '--latency <[name=]ms>',
      "the candidates' true 95th percentile (default: the baseline's)",
      ofVersion(positiveNumber),
      [],
    )
    .option(
      '--mean-latency <[name=]ms>',
      "the candidates' true mean, instead of --latency",
      ofVersion(positiveNumber),
      [],
    )
    .option(
      '--reward <name=number>',
      "a version's mean of a reward that is a metric of yours; for each version",
      ofVersion(positiveNumber),
      [],
    )
    .option('--baseline-latency <ms>', "the baseline's 95th percentile", positiveNumber, 50)
    .addOption(weightOption())
    .option('--correlation <share>', 'how alike the requests of an interval are in failing', share, 0)
    .option('--runs <n>', 'how many times', wholeNumber, 1000)
    .option('--seed <n>', 'of the random numbers', wholeNumber, 1)
    .action(async ({ latency, meanLatency, baselineLatency, ...options }: SimulateOptions & CommonOptions) => {
      await execute(
        invocation(options, async (context) =>
          (await import('./commands/simulate.ts')).simulateCommand(context, {
            ...options,
            baselineTailMs: baselineLatency,
            candidateTailMs: latency,
            candidateMeanMs: meanLatency,
          }),
        ),
      );
    });
}

interface SimulateOptions extends Omit<SimulateFlags, 'candidateTailMs' | 'candidateMeanMs' | 'baselineTailMs'> {
  readonly latency: readonly OfVersion[];
  readonly meanLatency: readonly OfVersion[];
  readonly baselineLatency: number;
}

function addAssess(root: Command, execute: Execute): void {
  withOutput(root.command('assess'), ['text', 'json'])
    .description('judge a file of measurements, without any cluster; exit code 0 for a promotion')
    .requiredOption('-f, --file <file>', 'manifest')
    .requiredOption('--measurements <file>', 'one interval a line, as JSON; - reads the standard input')
    .action(async (options: AssessFlags & CommonOptions) => {
      await execute(
        invocation(options, async (context) => (await import('./commands/assess.ts')).assessCommand(context, options)),
      );
    });
}

function addExplain(root: Command, execute: Execute): void {
  withOutput(withConnection(root.command('explain')), ['text', 'json'])
    .description('what was asked, measured, compared and decided in one interval of a run')
    .argument('<id>', 'the experiment, or a file with an exported history')
    .option('--iteration <n>', 'which of the observed intervals (default: the latest)', wholeNumber)
    .action(async (id: string, options: ExplainFlags & CommonOptions) => {
      await execute(
        invocation(options, async (context) =>
          (await import('./commands/explain.ts')).explainCommand(context, { id, flags: options }),
        ),
      );
    });
}

function addBacktest(root: Command, execute: Execute): void {
  withOutput(withConnection(root.command('backtest')), ['text', 'json'])
    .description('judge recorded experiments by other criteria: which decisions would have changed?')
    .argument('[ids...]', 'experiments, or files with exported histories')
    .requiredOption('-f, --file <file>', 'manifest with the other criteria')
    .option('--last <n>', 'the newest so many experiments', wholeNumber)
    .action(async (ids: string[], options: BacktestFlags & CommonOptions) => {
      await execute(
        invocation(options, async (context) =>
          (await import('./commands/backtest.ts')).backtestCommand(context, { ids, flags: options }),
        ),
      );
    });
}

function addOperator(root: Command, execute: Execute): void {
  withOutput(withConnection(root.command('operator')), ['text', 'json'])
    .description('look after the Experiments in a cluster: a run for each, its state in the object; until interrupted')
    .addOption(taskQueueOption())
    .option('--watch-namespace <name>', 'the one Kubernetes namespace to watch (default: all)')
    .addOption(maxRunsOption())
    .addOption(serviceAccountOption())
    .addOption(kubeconfigOption())
    .addOption(contextOption())
    .action(async (options: OperatorFlags & CommonOptions) => {
      await execute(
        invocation(options, async (context) =>
          (await import('./commands/operator.ts')).operatorCommand(context, options),
        ),
      );
    });
}

function addUi(root: Command, execute: Execute): void {
  withOutput(withConnection(root.command('ui')), ['text'])
    .description(
      'a page in the browser: all experiments, each with its charts and what can be asked of it; until interrupted',
    )
    .option('--port <n>', 'of loopback; 0 is any free one', portNumber, 0)
    .option('--no-open', 'print the address only, and open no browser')
    .option('--by <name>', 'who acts (default: the user of this process)')
    .action(async (options: Omit<UiFlags, 'version'> & CommonOptions) => {
      await execute(
        invocation(options, async (context) => {
          const { uiCommand } = await import('./commands/ui.ts');
          return uiCommand(context, { ...options, version: manifest.version });
        }),
      );
    });
}

function addServer(root: Command, execute: Execute): void {
  withOutput(withConnection(root.command('server')), ['text'])
    .description(
      'the page for all people whom the cluster knows, with the rights that they have there; until interrupted',
    )
    .requiredOption('--origin <url>', 'the address at which browsers reach it, such as https://serin.example.com')
    .requiredOption('--signing-key-file <path>', 'a private key, Ed25519 as PEM, which signs who makes a request')
    .option('--listen <host:port>', 'where it listens, without TLS', '0.0.0.0:8690')
    .option(
      '--metrics-listen <host:port>',
      'where metrics of open experiments are served at /metrics (default: nowhere)',
    )
    .addOption(kubeconfigOption())
    .addOption(contextOption())
    .action(async (options: Omit<ServerFlags, 'version'> & CommonOptions) => {
      await execute(
        invocation(options, async (context) => {
          const { serverCommand } = await import('./commands/server.ts');
          return serverCommand(context, { ...options, version: manifest.version });
        }),
      );
    });
}

function addReport(root: Command, execute: Execute): void {
  withOutput(withConnection(root.command('report')), ['text', 'json'])
    .description(
      'an experiment as one file of HTML, to keep or to attach: charts, timeline, the facts of each interval',
    )
    .argument('<id>', 'the experiment')
    .option('--to <file>', 'what to write (default: NAME.html)')
    .action(async (id: string, options: Omit<ReportFlags, 'version'> & CommonOptions) => {
      await execute(
        invocation(options, async (context) => {
          const { reportCommand } = await import('./commands/report.ts');
          return reportCommand(context, { id, flags: { ...options, version: manifest.version } });
        }),
      );
    });
}

function addCodec(root: Command, execute: Execute): void {
  withOutput(root.command('codec'), ['text', 'json'])
    .description(
      "decrypt for Temporal's CLI and Web UI: a codec endpoint with the keys of the workers; until interrupted",
    )
    .addOption(
      new Option('--keys <file>', 'the keys, one a line, ID BASE64; the first encrypts')
        .env('SERIN_PAYLOAD_KEYS_FILE')
        .makeOptionMandatory(),
    )
    .option('--host <address>', 'where to listen: whoever reaches it can decrypt', '127.0.0.1')
    .option('--port <n>', '0 is any free one', portNumber, 8081)
    .option('--allow-origin <url>', 'the origin of the Web UI that may ask')
    .action(async (options: CodecFlags & CommonOptions) => {
      await execute(
        invocation(options, async (context) => (await import('./commands/codec.ts')).codecCommand(context, options)),
      );
    });
}

function addWorker(root: Command): void {
  root
    .command('worker')
    .description(
      'run experiments, with the settings that SERIN_* and TEMPORAL_* have in the environment; until stopped',
    )
    .action(async () => {
      // It has the process for itself from here on, and ends it.
      await import(siblingModule(import.meta.url, '../worker/main'));
    });
}

function addCompletion(root: Command, execute: Execute): void {
  root
    .command('completion')
    .description('print a script with which a shell completes commands and options')
    .addArgument(new Argument('<shell>', 'the shell').choices(shells))
    .addHelpText('after', completionHelp)
    .action(async (shell: Shell) => {
      await execute(
        invocation({ output: 'text' }, async (context) =>
          (await import('./completion/completion.ts')).completionCommand(context, root, shell),
        ),
      );
    });
}

const completionHelp = `
bash:  source <(serin completion bash)
zsh:   source <(serin completion zsh)
fish:  serin completion fish | source`;

function serviceAccountOption(): Option {
  const meaning =
    "the account of an Experiment's namespace as which traffic is restored; none: the operator's own rights";
  return new Option('--service-account <name>', meaning).env('SERIN_SERVICE_ACCOUNT').default('serin');
}

function maxRunsOption(): Option {
  const meaning = 'the Experiments of one namespace that run at a time; the others wait, oldest first';
  return new Option('--max-runs-per-namespace <n>', meaning)
    .env('SERIN_MAX_RUNS_PER_NAMESPACE')
    .argParser(wholeNumber)
    .default(20);
}

function weightOption(): Option {
  return new Option(
    '--weight <percent>',
    'what each candidate has under FixedSplit (default: an even split)',
  ).argParser(percent);
}

function percent(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 100) return value;
  throw new InvalidArgumentError('Expected a whole number from 1 to 100.');
}

function httpUrl(text: string): string {
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return text;
  throw new InvalidArgumentError('Expected a URL such as http://prometheus:9090.');
}

function share(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value >= 0 && value < 1) return value;
  throw new InvalidArgumentError('Expected a share from 0 to below 1.');
}

/** Collects an option that may be given again for single versions: `0.01`, `candidate-2=0.05`. */
function ofVersion(parse: (text: string) => number): (text: string, before?: readonly OfVersion[]) => OfVersion[] {
  return (text, before = []) => {
    const end = text.lastIndexOf('=');
    const value = parse(text.slice(end + 1));
    return [...before, end === -1 ? { value } : { name: text.slice(0, end), value }];
  };
}

/** The options of commands that ask Prometheus, as a worker's environment has them. */
function withPrometheus(command: Command, meaning: string): Command {
  const options: readonly (readonly [flags: string, meaning: string, variable: string])[] = [
    ['--prometheus <url>', meaning, 'SERIN_PROMETHEUS_URL'],
    ['--prometheus-headers <list>', 'headers for it, "Name: value", separated by commas', 'SERIN_PROMETHEUS_HEADERS'],
    ['--prometheus-token-file <file>', 'a file with its bearer token', 'SERIN_PROMETHEUS_TOKEN_FILE'],
    ['--prometheus-ca-file <file>', 'the authorities to trust for it, PEM', 'SERIN_PROMETHEUS_CA_FILE'],
    ['--prometheus-certificate-file <file>', 'a client certificate for it', 'SERIN_PROMETHEUS_CERTIFICATE_FILE'],
    ['--prometheus-key-file <file>', 'the key of that certificate', 'SERIN_PROMETHEUS_KEY_FILE'],
    ['--prometheus-matchers <list>', 'label matchers for every selector', 'SERIN_PROMETHEUS_MATCHERS'],
  ];
  for (const [flags, text, variable] of options) {
    // The help names the variable: its value may be secret.
    const option = new Option(flags, text).default(process.env[variable] || undefined, variable);
    command.addOption(variable === 'SERIN_PROMETHEUS_URL' ? option.argParser(httpUrl) : option);
  }
  return command;
}

function taskQueueOption(): Option {
  return new Option('--task-queue <name>', 'task queue of the workers').default(defaultTaskQueue);
}

function kubeconfigOption(): Option {
  const usual = 'default: KUBECONFIG, ~/.kube/config, the service account';
  return new Option('--kubeconfig <file>', `kubeconfig (${usual})`);
}

function contextOption(): Option {
  return new Option('--context <name>', 'context of the kubeconfig');
}

function withOutput(command: Command, formats: readonly OutputFormat[]): Command {
  const option = new Option('-o, --output <format>', 'how to print').choices(formats).default('text');
  return command.addOption(option);
}

function withRequest(command: Command): Command {
  return withRequestOptions(command.argument('<id>', 'the experiment'));
}

function withRequestOptions(command: Command): Command {
  return command
    .option('--by <name>', 'who asks (default: you)')
    .option('--reason <text>', 'why; shown to everyone who looks at the experiment');
}

function parsedTimeout({ timeout }: Partial<TimeoutOption>): { readonly timeoutMs?: number } {
  return timeout === undefined ? {} : { timeoutMs: timeout * 1000 };
}

/** Reads a duration such as `10m`, or a plain number of seconds; returns seconds, at least 0. */
function secondsOrNone(text: string): number {
  const ms = parseDuration(text);
  const value = ms === undefined ? Number(text) : ms / 1000;
  if (text.trim() !== '' && Number.isFinite(value) && value >= 0) return value;
  throw new InvalidArgumentError('Expected a duration such as 10m or 90s, or seconds.');
}

function seconds(text: string): number {
  const value = secondsOrNone(text);
  if (value > 0) return value;
  throw new InvalidArgumentError('Expected more than 0 seconds.');
}

function positiveNumber(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError('Expected a number above 0.');
}

/** A port whose Web UI has one too. */
function devPort(text: string): number {
  const port = portNumber(text);
  if (port > 0 && port <= 64_535) return port;
  throw new InvalidArgumentError('Expected a port from 1 to 64535.');
}

function portNumber(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new InvalidArgumentError('Expected a port, or 0 for a free one.');
}

function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected a whole number above 0.');
}

function invocation({ output, address, namespace }: CommonOptions, action: Invocation['action']): Invocation {
  return { action, output, connection: defined({ address, namespace }) };
}
