/** What a script of `BoundedProcesses` may do wrong, for `bounded-processes.test.ts`. */
import { answerQuestions } from '../../apart/answer-questions.ts';

const answers = {
  hello: () => 'hello',
  id: () => process.pid,
  fail: () => {
    throw new TypeError('no such thing');
  },
  loop: () => {
    for (;;);
  },
  fill: () => {
    const all: unknown[] = [];
    for (;;) all.push({ number: all.length });
  },
  exit: () => process.exit(3),
};

export type SlowQuestion = keyof typeof answers;

answerQuestions((question) => answers[question as SlowQuestion]());
