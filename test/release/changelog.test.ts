import { describe, expect, test } from 'vitest';
import { dateRelease, readNotes } from '../../release/changelog.ts';

const changelog = `# Changelog

## [Unreleased]

### Added

- Something new.

## [0.1.0] - 2026-01-02

- The first one.
`;

describe('the changelog of a release', () => {
  test('has its version and date, and room for what comes next', () => {
    const dated = dateRelease(changelog, '0.2.0', '2026-11-29');
    expect(dated).toContain('## [Unreleased]\n\n## [0.2.0] - 2026-11-29\n\n### Added\n\n- Something new.\n');
    expect(readNotes(dated, '0.2.0')).toBe('### Added\n\n- Something new.');
    expect(readNotes(dated, '0.1.0')).toBe('- The first one.');
  });

  test('is refused for a version that it has', () => {
    expect(() => dateRelease(changelog, '0.1.0', '2026-11-29')).toThrow('CHANGELOG.md has 0.1.0 already');
  });

  test('is refused where nothing is unreleased', () => {
    const dated = dateRelease(changelog, '0.2.0', '2026-11-29');
    expect(() => dateRelease(dated, '0.3.0', '2026-11-30')).toThrow('CHANGELOG.md has nothing under "## [Unreleased]"');
  });

  test('has no notes of a version that it lacks', () => {
    expect(() => readNotes(changelog, '9.9.9')).toThrow('CHANGELOG.md has no "## [9.9.9]"');
  });
});
