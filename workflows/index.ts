/** The workflows that a serin worker runs; the name is what users type after `--type`. */
export { experiment } from './experiment.ts';
export { remainingNotices } from './notices.ts';
