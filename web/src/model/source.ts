// Cutting and colouring a journey's text.

const KEYWORDS =
  'profile event type fn audience connection action policy message journey test enter on when started everyone where one ' +
  'per re-enter open inside goal within expire exit failure quiet hours priority wait for until between first of after call ' +
  'send if then else match split holdout limit people repeat times label goto set emit start stop give let or and not in as ' +
  'with via under only most at cron key null true false always never';
const TOKEN = new RegExp(
  [
    '(?<comment>//[^\\n]*)',
    '(?<string>"(?:\\{\\{.*?\\}\\}|\\\\.|[^"\\\\\\n])*")',
    '(?<number>\\b\\d+(?:\\.\\d+)?(?:ms|s|m|h|d)?\\b)',
    `(?<keyword>\\b(?:${KEYWORDS.split(' ').join('|')})\\b)`,
  ].join('|'),
  'g',
);

/** A text in pieces, each with the class that colours it. */
export function highlight(text: string): [string | undefined, string][] {
  const found: [string | undefined, string][] = [];
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    if (match.index > end) found.push([undefined, text.slice(end, match.index)]);
    const kind = Object.entries(match.groups ?? {}).find(([, token]) => token !== undefined)?.[0];
    found.push([kind, match[0]]);
    end = match.index + match[0].length;
  }
  if (end < text.length) found.push([undefined, text.slice(end)]);
  return found;
}

/** The text before, inside and after a span of bytes. */
export function pieces(text: string, span: { start: number; end: number } | undefined): [string, string, string] {
  if (!span) return [text, '', ''];
  const bytes = new TextEncoder().encode(text);
  const decode = (from: number, to: number) => new TextDecoder().decode(bytes.subarray(from, to));
  return [decode(0, span.start), decode(span.start, span.end), decode(span.end, bytes.length)];
}
