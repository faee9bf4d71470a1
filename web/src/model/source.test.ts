import { expect, test } from 'vitest';

import { highlight, pieces } from './source';

test('spans count bytes, not characters', () => {
  expect(pieces('Zoë wait 1 hour', { start: 5, end: 16 })).toEqual(['Zoë ', 'wait 1 hour', '']);
});

test('highlighting loses no text', () => {
  const text = 'journey a { // "x"\n  wait 1 hour\n  send b("{{ profile.name }} \\" x")\n}';
  expect(highlight(text).map(([, token]) => token).join('')).toBe(text);
});

test('a keyword inside a string is a string', () => {
  expect(highlight('"wait"')).toEqual([['string', '"wait"']]);
});
