import { describe, expect, test } from 'vitest';
import { compileProblem, evaluate } from '../../../metrics/jq/jq.ts';

const prometheus = JSON.stringify({ data: { result: [{ value: [1_556_823_494.744, '21.7639'] }] } });

describe('evaluate', () => {
  test.each([
    ['.data.result[0].value[1] | tonumber', prometheus, 21.7639],
    ['.results[0].count', '{"results": [{"count": 80275388}]}', 80_275_388],
    ['[.[] | .v] | add / length', '[{"v": 1}, {"v": 2}]', 1.5],
    ['.[]', '[7, "ignored"]', 7],
    ['def half: . / 2; .v | half # the half', '{"v": 3}', 1.5],
    ['.a, repeat(1)', '{"a": 4}', 4],
  ])('%s of %s is %d', async (expression, text, value) => {
    expect(await evaluate(expression, text)).toEqual({ kind: 'number', value });
  });

  test.each([
    ['.data.result[0].value[1] | tonumber', '{"data": {"result": []}}', /null \(null\) cannot be parsed as a number$/],
    ['.value | tonumber', '{"value": "NaN"}', /gives null, not a number$/],
    ['.value', '{"value": "5"}', /gives "5", not a number$/],
    ['infinite', '{}', /gives 1\.7976931348623157e\+308, not a number$/],
    ['empty', '{}', /has no result$/],
    ['.value | tonumber # a comment', '{}', /null \(null\) cannot be parsed as a number$/],
    ['[range(1e9)] | length', '{}', /has no result: it takes (more than 256 MiB of memory|more than 5 s)$/],
    ['[range(2000) | "0"] | add', '{}', /gives "0{79}…, not a number$/],
    ['.value', '<html>', /^the answer is not JSON: <html>$/],
    ['.value', '', /^the answer is not JSON: nothing$/],
  ])('%s of %s is no number, and says why', async (expression, text, reason) => {
    expect(await evaluate(expression, text)).toEqual({ kind: 'none', reason: expect.stringMatching(reason) });
  });

  test('an expression without end is stopped, and nothing waits for it meanwhile', async () => {
    let isHeld = true;
    setTimeout(() => (isHeld = false), 100);
    expect(await evaluate('last(repeat(1))', '{}')).toEqual({
      kind: 'none',
      reason: 'jq expression "last(repeat(1))" has no result: it takes more than 5 s',
    });
    expect(isHeld).toBe(false);
  });

  test('an expression that fills its memory spoils no later one', async () => {
    const filling = Array.from({ length: 2 }, () => evaluate('[range(1e9)] | length', '{}'));
    for (const reading of await Promise.all(filling)) expect(reading.kind).toBe('none');
    const later = Array.from({ length: 4 }, (_, index) => evaluate('.v', `{"v": ${index}}`));
    expect((await Promise.all(later)).map((reading) => reading.kind)).toEqual(Array(4).fill('number'));
  });
});

test.each([
  ['.value | tonumber', undefined],
  ['last(repeat(1))', undefined],
  ['.value |', 'syntax error, unexpected end of file at column 8'],
  ['.value | tonum', 'tonum/0 is not defined at column 10'],
])('%s compiles without being run: %s', async (expression, problem) => {
  expect(await compileProblem(expression)).toBe(problem);
});
