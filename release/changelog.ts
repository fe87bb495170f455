const unreleased = '## [Unreleased]';

/**
 * Gives what is unreleased a version and a date; what comes next is unreleased again.
 *
 * @param date as `2026-11-29`
 * @throws Error where nothing is unreleased, or the version is there already.
 */
export function dateRelease(changelog: string, version: string, date: string): string {
  if (findHeading(changelog, version) !== undefined) throw new Error(`CHANGELOG.md has ${version} already`);
  if (readSection(changelog, unreleased) === '') throw new Error(`CHANGELOG.md has nothing under "${unreleased}"`);
  return changelog.replace(unreleased, `${unreleased}\n\n## [${version}] - ${date}`);
}

/** What users read about one version, without its heading. */
export function readNotes(changelog: string, version: string): string {
  const heading = findHeading(changelog, version);
  if (heading === undefined) throw new Error(`CHANGELOG.md has no "## [${version}]"`);
  return readSection(changelog, heading);
}

function findHeading(changelog: string, version: string): string | undefined {
  return changelog.split('\n').find((line) => line.startsWith(`## [${version}]`));
}

function readSection(changelog: string, heading: string): string {
  const lines = changelog.split('\n');
  const start = lines.indexOf(heading);
  if (start === -1) return '';
  const length = lines.slice(start + 1).findIndex((line) => line.startsWith('## '));
  return lines
    .slice(start + 1, length === -1 ? undefined : start + 1 + length)
    .join('\n')
    .trim();
}
