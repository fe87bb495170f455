import { alignedTable } from '../document/aligned-table.ts';
import { environmentName, fileVariable } from './read-settings.ts';
import { settingDefinitions } from './settings.ts';
import type { Key } from './settings.ts';

const configurationFile = [`\`${fileVariable}\``, '', '', 'the path of the configuration file'];

/** `docs/worker-settings.md`: every setting of a worker with its default. */
export function settingsPage(): string {
  const rows = Object.entries(settingDefinitions).map(([key, definition]) => {
    const fallback = 'fallback' in definition ? `\`${definition.fallback}\`` : '';
    // The keys of the definitions.
    return [`\`${environmentName(key as Key)}\``, `\`${key}\``, fallback, definition.meaning];
  });
  return [
    '# Settings of a worker',
    '',
    '<!-- Made by `npm run generate` from formats/worker/settings.ts. -->',
    '',
    'From the environment, and from the YAML or JSON file that `SERIN_CONFIG` names; the environment wins, and an empty variable',
    'counts as absent. An unknown name is a problem. All problems are reported at once, with exit code 2. Durations are such as',
    '`500ms`, `10s`, `1m30s`.',
    '',
    "Temporal's own variables say where Temporal is ([operations](operations.md#configuration)) and of which version the worker is",
    '([upgrade](upgrade.md#workers-with-versions)).',
    '',
    ...alignedTable([['variable', 'in the file', 'default', 'meaning'], configurationFile, ...rows]),
    '',
  ].join('\n');
}
