import fc from 'fast-check';
import { expect, test } from 'vitest';
import { requireAllowedUrl } from '../../activities/http/allowed-hosts.ts';
import { hasType } from '../../activities/failures.ts';
import { visible } from '../../client/terminal/visible.ts';
import { payloadConverter } from '../../contract/payload-converter.ts';
import { parseIfExpression } from '../../core/experiment/if-expression.ts';
import { unmetWait, parseWaitFor } from '../../core/experiment/wait-for.ts';
import { isPlainValue, substitute } from '../../core/measurements/placeholders.ts';
import { helmFlags } from '../../core/tasks/helm-flags.ts';
import { parseHelmCommand, upgradeArguments } from '../../core/tasks/helm-command.ts';
import { kubectlFlags } from '../../core/tasks/kubectl-flags.ts';
import { kubectlArguments, parseKubectlCommand } from '../../core/tasks/kubectl-command.ts';
import { singleQuotes } from '../../core/tasks/shell.ts';
import { limits } from '../../core/text/limits.ts';
import { readChartVersions } from '../../formats/chart-index.ts';
import { parseManifest } from '../../formats/manifest/parse.ts';
import { cpuTimeMs } from '../support/cpu-time.ts';
import { readSample } from '../support/samples.ts';

/** How many inputs each property gets; `npm run fuzz` gives more, with a seed of its own. */
const numRuns = Number(process.env['FUZZ_INPUTS'] ?? 2_000);
const seed = Number(process.env['FUZZ_SEED'] ?? 20_261_129);

/** No input takes longer; it is a hundredth of that on a slow machine. */
const longestMs = 1_000;

function property<T>(title: string, inputs: fc.Arbitrary<T>, holds: (input: T) => void): void {
  test(
    title,
    () => {
      const timed = (input: T): void => {
        const startedAtMs = cpuTimeMs();
        holds(input);
        expect(cpuTimeMs() - startedAtMs).toBeLessThan(longestMs);
      };
      fc.assert(fc.property(inputs, timed), { numRuns, seed });
    },
    600_000,
  );
}

const word = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom(
    'upgrade',
    'rel',
    'https://a/b.tgz',
    'oci://a/b',
    '--',
    '-',
    '=',
    'true',
    '{{ .a }}',
    '1m',
    'a,b',
    '-v9',
  ),
);
const flagNames = [...helmFlags, ...Object.values(kubectlFlags).flat()].flatMap(({ name, short }) => [
  name,
  short ?? name,
]);
const flagWord = fc
  .tuple(fc.constantFrom(...flagNames), fc.option(word, { nil: undefined }))
  .map(([name, value]) => (value === undefined ? name : `${name}=${value}`));
const words = fc.array(fc.oneof(word, flagWord), { maxLength: 12 });

/** What may stand before the names in what runs: flags of the table that are not refused, each with its value in the same word. */
function expectOnly(
  flags: readonly string[],
  table: readonly { readonly name: string; readonly refused?: string }[],
): void {
  for (const flag of flags) {
    const definition = table.find(({ name }) => flag === name || flag.startsWith(`${name}=`));
    expect(definition, flag).toBeDefined();
    expect(definition?.refused).toBeUndefined();
  }
}

property('helm runs with flags that serin knows, names after them, and nothing else', words, (args) => {
  const command = parseHelmCommand(['upgrade', 'rel', 'https://a/b.tgz', ...args]);
  if (command.kind !== 'upgrade') return expect(command.problem).not.toBe('');
  const built = upgradeArguments(command.upgrade, { namespace: 'ns', files: { chart: '/c', values: ['/v'] } });
  const end = built.indexOf('--');
  expect(built[0]).toBe('upgrade');
  expectOnly(built.slice(1, end), helmFlags);
  expect(built.slice(end + 1)).toEqual([command.upgrade.release, '/c']);
});

const subcommand = fc.constantFrom(...Object.keys(kubectlFlags), 'get', 'constructor');

property('kubectl likewise', fc.tuple(subcommand, words), ([name, args]) => {
  const command = parseKubectlCommand([name, ...args]);
  if (command.kind !== 'call') return expect(command.problem).not.toBe('');
  const built = kubectlArguments(command.call, { files: ['/f'], own: [{ name: '--as', value: 'a' }] });
  const end = built.includes('--') ? built.indexOf('--') : built.length;
  expectOnly(built.slice(1, end), [{ name: '--as' }, ...(kubectlFlags[name] ?? [])]);
});

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.string({ unit: 'grapheme', maxLength: 200 }),
);

property('nothing that a terminal obeys leaves to it', anyText, (text) => {
  expect(/(?![\t\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(visible(text))).toBe(false);
});

const conditionWord = fc.constantFrom(
  '(',
  ')',
  'and',
  'or',
  'not',
  '!',
  '&&',
  '||',
  'true',
  'CandidateWon()',
  'x',
  '  ',
);
const condition = fc.oneof(
  anyText,
  fc.array(conditionWord, { maxLength: 120 }).map((parts) => parts.join(' ')),
);

property('a condition is read or refused', condition, (text) => {
  expect(['ok', 'invalid']).toContain(parseIfExpression(text.slice(0, limits.conditionCharacters)).kind);
});

property('a wait is read or refused, and looks at any object', fc.tuple(anyText, fc.jsonValue()), ([text, object]) => {
  for (const wanted of [text, `jsonpath={${text}}`, `jsonpath=.${text}=x`, `condition=${text}`]) {
    const waitFor = parseWaitFor(wanted);
    if (waitFor !== undefined) unmetWait(waitFor, object);
  }
});

property('a plain value ends no text of a query, and no body', anyText, (value) => {
  if (!isPlainValue(value)) return;
  const { text } = substitute('{"q": "sum(x{r=\'$v\'})"}', { v: value });
  expect(JSON.parse(text)).toEqual({ q: `sum(x{r='${value}'})` });
});

const bytes = fc.uint8Array({ maxLength: 60 });
const payload = fc.record(
  { metadata: fc.dictionary(fc.constantFrom('encoding', 'messageType', 'x'), bytes), data: bytes },
  { requiredKeys: [] },
);
const encoding = fc.constantFrom(
  'json/plain',
  'json/protobuf',
  'binary/protobuf',
  'binary/null',
  'binary/plain',
  'binary/encrypted',
);

property('what others send to a workflow never throws', fc.tuple(payload, encoding), ([given, name]) => {
  const context = { type: 'workflow', namespace: 'n', workflowId: 'w' } as const;
  payloadConverter.fromPayload(given, context);
  const named = { ...given, metadata: { ...given.metadata, encoding: new TextEncoder().encode(name) } };
  payloadConverter.fromPayload(named, context);
});

property('a URL is allowed, or refused as an address', anyText, (text) => {
  for (const url of [text, `http://${text}/`, `https://[${text}]/`]) {
    try {
      requireAllowedUrl(url, { allowedHosts: [], namespace: 'a' });
    } catch (error) {
      expect(hasType(error, 'AddressNotAllowed')).toBe(true);
    }
  }
});

property('the quotes of a script are found', anyText, (text) => {
  const isQuoted = singleQuotes(`${text}'q'`);
  expect(isQuoted(text.length + 5)).toBe(false);
});

property('an index of charts gives versions, or none', anyText, (text) => {
  for (const index of [text, `entries: {app: ${text}}`, `entries: {app: [{version: 1.0.0, urls: [${text}]}]}`]) {
    expect(Array.isArray(readChartVersions(index, 'app'))).toBe(true);
  }
});

const seedText = readSample('canary-progressive/experiment.yaml');
const change = fc.record({
  at: fc.nat(seedText.length),
  length: fc.nat(12),
  text: fc.oneof(
    anyText,
    fc.constantFrom('{', '[', '&a ', '*a', '__proto__', 'constructor', '- ', ': ', '"', '{{ .x }}', '1e999'),
  ),
});

property(
  'a changed manifest is read, or refused with places and words',
  fc.array(change, { maxLength: 4 }),
  (changes) => {
    const text = changes.reduce(
      (whole, one) => whole.slice(0, one.at) + one.text + whole.slice(one.at + one.length),
      seedText,
    );
    const reading = parseManifest(text, 'm');
    if (reading.kind === 'ok') return;
    expect(reading.issues.length).toBeGreaterThan(0);
    for (const issue of reading.issues)
      expect(issue).toMatchObject({ expected: expect.any(String), got: expect.any(String) });
  },
);
