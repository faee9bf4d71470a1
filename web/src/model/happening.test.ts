import { expect, test } from 'vitest';

import { outcomeSentence, sentence } from './happening';
import { ago } from './time';

test('a failed attempt says why and whether another follows', () => {
  const error = { kind: 'http', reason: '`dispatch` answered 503' };
  expect(sentence({ what: 'call-ended', step: 'call-dispatch', attempt: 2, error, again_at: '2026-01-01T00:00:00Z' })).toEqual({
    text: 'Attempt 2 failed: `dispatch` answered 503, tries again',
    tone: 'bad',
  });
});

test('a happening that is not known is still shown', () => {
  expect(sentence({ what: 'teleported' }).text).toBe('teleported');
});

test('an event that started nothing says why', () => {
  expect(outcomeSentence({ journey: 'cart', outcome: 'stayed-out', reason: 'already inside' }).text).toBe(
    'Did not start cart: already inside',
  );
});

test('moments are told in words, back and ahead', () => {
  expect(ago(0, 125_000)).toBe('2 minutes ago');
  expect(ago(3_600_000, 0)).toBe('in 1 hour');
  expect(ago(500, 0)).toBe('now');
});
