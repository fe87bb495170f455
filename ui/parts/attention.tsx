import type { Attention } from '../../core/report/attention.ts';
import { Sign } from './sign.tsx';

/** What a person sees of each reason to look. */
const attentionWords: Readonly<Record<Attention, readonly [sign: string, words: string, tone: string]>> = {
  stuck: ['✗', 'stuck', 'bad'],
  unsafe: ['✗', 'may have left traffic split', 'bad'],
  approval: ['◆', 'needs approval', 'call'],
  silent: ['!', 'no worker answers', 'bad'],
  blind: ['◍', 'blind', 'warning'],
  suspect: ['?', 'suspect', 'warning'],
  paused: ['❚❚', 'paused', 'warning'],
  closed: ['▧', 'calendar closed', 'quiet'],
  waiting: ['◌', 'waits for its target', 'quiet'],
};

export function AttentionBadge({ attention }: { readonly attention: Attention }) {
  const [sign, words, tone] = attentionWords[attention];
  return <Sign {...{ sign, words, tone }} />;
}
