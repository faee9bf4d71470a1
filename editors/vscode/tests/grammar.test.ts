// The grammar colours journeys as people read them, and never loses its way in a file.
import { describe, expect, it, test } from 'vitest';
import { highlight, scopesOf } from './highlight';
import { examples, files, read } from './repository';

/** The root, and the declaration that goes on as long as lines are indented or close a bracket. */
const BETWEEN_DECLARATIONS = 2;

const real = [
  ...files('journeys', '.journey'),
  ...['docs/language.md', 'docs/connections.md'].flatMap((page) =>
    examples(read(page)).map((text, index) => ({ name: `${page}, example ${index + 1}`, text })),
  ),
];

describe.each(real)('$name', ({ text }) => {
  const { open } = highlight(`${text}\n// behind everything`);

  it('closes all that is opened inside a declaration', () => {
    const outermost = text.split('\n').flatMap((line, number) => (/^[^\s}\])]/.test(line) ? [number] : []));
    const unclosed = outermost.filter((number) => (open[number] ?? 0) > BETWEEN_DECLARATIONS);
    expect(unclosed.map((number) => number + 1)).toEqual([]);
  });

  it('is back at the root at its end', () => {
    expect(open.at(-2)).toBeLessThanOrEqual(BETWEEN_DECLARATIONS);
    expect(open.at(-1)).toBe(1);
  });

  it('leaves nothing outside a declaration but comments', () => {
    const lost = highlight(text).pieces.filter((piece) => piece.scopes.length === 1);
    expect(lost).toEqual([]);
  });
});

test('a brace that is missing spoils no more than its own declaration', () => {
  const text = 'journey broken {\n  if profile.tier == "gold" {\n    exit "a {{ hole\n\nevent asked {}';
  expect(scopesOf(text, 'asked')).toBe('source.journey meta.event.journey entity.name.type.event.journey');
});

const journey = (step: string) => `journey j {\n  ${step}\n}`;
const action = (part: string) => `action a(to: string) -> { vip: bool } {\n  ${part}\n}`;
const lines = (line: string) => `test "t" {\n  ${line}\n}`;

describe('declarations', () => {
  it.each([
    ['use "std/slack"', 'use', 'keyword.declaration'],
    ['use "std/slack"', 'std/slack', 'string.quoted.double'],
    ['profile {\n  id: string key\n}', 'profile', 'keyword.declaration'],
    ['event seen "Seen" { id: string? }', 'seen', 'entity.name.type.event'],
    ['event seen "Seen" { id: string? }', 'string', 'support.type.primitive'],
    ['event seen "Seen" { id: string? }', 'id', 'variable.other.property'],
    ['type Item = { sku: string, of: [Part] }', 'Part', 'entity.name.type'],
    ['profile {\n  key: string key\n}', 'key', 'variable.other.property'],
    ['profile {\n  id: string key\n}', 'key', 'keyword.other.modifier'],
    ['profile {\n  tier: "gold" | "none" = "none" key\n}', 'gold', 'string.quoted.double'],
    ['profile {\n  tier: "gold" | "none" = "none" key\n}', 'key', 'keyword.other.modifier'],
    ['connection shop {\n  timeout: 2s each, 10s in all\n}', 'timeout', 'keyword.other.setting'],
    ['connection shop {\n  timeout: 2s each, 10s in all\n}', 'all', 'keyword.other.clause'],
    ['connection shop {\n  auth: api_key { header: "X", key: secret("S") }\n}', 'secret', 'support.function'],
    ['connection shop {\n  sign: hmac { algorithm: sha256 }\n}', 'sign', 'keyword.other.setting'],
    ['connection shop {\n  sign: hmac { algorithm: sha256 }\n}', 'sha256', 'constant.language'],
    ['connection shop {\n  auth: oauth2 { send: body }\n}', 'oauth2', 'constant.language'],
    ['connection shop {\n  auth: token {\n    expires: "a" minutes\n  }\n}', 'expires', 'keyword.other.setting'],
    ['connection shop {\n  auth: token {\n    json { "a": "{{ env("A") }}" }\n  }\n}', 'json', 'keyword.other.part'],
    ['message m(cart: seen) via send { to: profile.phone }', 'via', 'keyword.other.clause'],
    ['message m(cart: seen) via send { to: profile.phone }', 'to', 'variable.other.property'],
    ['test "t" for row in [\n  { a: 1 },\n] {\n  expect row.a == 1\n}', 'expect', 'keyword.control.test'],
  ])('%j: %s', (text, piece, scope) => {
    expect(scopesOf(text, piece)).toContain(`${scope}.journey`);
  });
});

describe('comments', () => {
  it('that document are told from others', () => {
    expect(scopesOf('/// Says why.', '/// Says why.')).toContain('comment.line.documentation');
    expect(scopesOf('// Aside.', '// Aside.')).toContain('comment.line.double-slash');
    expect(scopesOf('//// Aside.', '//// Aside.')).toContain('comment.line.double-slash');
    expect(scopesOf(journey('wait 1 day // Aside.'), '// Aside.')).toContain('comment.line.double-slash');
  });

  it('are none inside a text', () => {
    expect(scopesOf(journey('exit "http://x"'), 'http://x')).toContain('string.quoted.double');
  });
});

describe('actions', () => {
  it.each([
    ['GET shop "/a?b={{ to }}"', 'GET', 'keyword.other.method'],
    ['GET shop "/a?b={{ to }}"', 'shop', 'entity.name.namespace.connection'],
    ['GET shop "/a?b={{ to }}"', '/a?b=', 'string.quoted.double.path'],
    ['GET shop "/a?b={{ to }}"', 'to', 'variable.parameter'],
    ['header "X-Id": "1"', 'header', 'keyword.other.part'],
    ['json { "id": "{{ event.id }}", "all": {{ event.all }} }', '"id"', 'support.type.property-name'],
    ['json { "id": "{{ event.id }}", "all": {{ event.all }} }', 'event', 'meta.embedded.expression'],
    ['json { "a": {% if x %}null{% end %} }', 'null', 'constant.language'],
    ['json { "a": {% if x %}null{% end %} }', 'if', 'keyword.control.tag'],
    ['json [{ "a": 1.5 }]', '1.5', 'constant.numeric'],
    ['form { text: "x" }', 'text', 'variable.other.property'],
    ['text "text/plain" "x"', 'text', 'keyword.other.part'],
  ])('%s: %s', (part, piece, scope) => {
    expect(scopesOf(action(part), piece)).toContain(`${scope}.journey`);
  });

  it('have an answer whose braces are not the body', () => {
    expect(scopesOf(action('PUT shop "/x"'), 'vip')).toContain('variable.other.property');
    expect(scopesOf('action a -> [Item] {\n  PUT shop "/x"\n}', 'Item')).toContain('entity.name.type');
    expect(scopesOf('action a -> [Item] {\n  PUT shop "/x"\n}', 'PUT')).toContain('keyword.other.method');
  });

  it('know a whole value from the quoted text beside it', () => {
    const body = action('json { "id": "{{ event.id }}", "all": {{ rest }} }');
    expect(scopesOf(body, 'event')).toContain('string.quoted.double');
    expect(scopesOf(body, 'rest')).not.toContain('string.quoted.double');
  });
});

describe('steps', () => {
  it.each([
    ['enter on seen as cart where cart.total > 0', 'where', 'keyword.other.clause'],
    ['enter when started with { urgent: bool = false } as s', 'bool', 'support.type.primitive'],
    ['enter when started with { urgent: bool = false } as s', 'as', 'keyword.other.clause'],
    ['re-enter after 7 days', 're-enter', 'keyword.other.rule'],
    ['re-enter after 7 days', '7', 'constant.numeric.duration'],
    ['re-enter after 7 days', 'days', 'keyword.other.unit'],
    ['wait until next monday at 18:30 in "Europe/Paris"', 'monday', 'keyword.other.moment'],
    ['wait until next monday at 18:30 in "Europe/Paris"', '18:30', 'constant.numeric.time'],
    ['wait for first of {\n    after 2 days => {}\n  }', 'after', 'keyword.control'],
    ['let label = if a then 1 else 2', 'label', 'variable.other'],
    ['let label = if a then 1 else 2', 'then', 'keyword.control'],
    ['let s = start other with { a: 1 } then wait up to 2 days', 'start', 'keyword.control'],
    ['let s = start other with { a: 1 } then wait up to 2 days', 'wait', 'keyword.control'],
    ['label ask', 'ask', 'entity.name.label'],
    ['let s = call status(1) or { end: null }', 'status', 'entity.name.function'],
    ['let s = call status(1) or { end: null }', 'end', 'variable.other.property'],
    ['let s = a?.first() ?? 1.50', 'first', 'entity.name.function.method'],
    ['let s = a.map(item => item.price)', 'item', 'variable.parameter'],
    ['split "x" {\n    50% "short" { exit }\n    holdout\n  }', '50', 'constant.numeric.percentage'],
    ['split "x" {\n    50% "short" { exit }\n    holdout\n  }', 'holdout', 'keyword.control'],
  ])('%s: %s', (step, piece, scope) => {
    expect(scopesOf(journey(step), piece)).toContain(`${scope}.journey`);
  });
});

describe('texts', () => {
  it.each([
    ['exit "a {{ b ?? "c}}" }} d"', 'b', 'meta.embedded.expression'],
    ['exit "a {{ b ?? "c}}" }} d"', 'c}}', 'string.quoted.double'],
    ['exit "a {% for x in xs %}{{ x }}{% end %}"', 'for', 'keyword.control.tag'],
    ['exit "a {% for x in xs %}{{ x }}{% end %}"', 'in', 'keyword.operator.word'],
    ['exit "\\u00e9"', '\\u00e9', 'constant.character.escape'],
  ])('%s: %s', (step, piece, scope) => {
    expect(scopesOf(journey(step), piece)).toContain(`${scope}.journey`);
  });

  it('go on behind their holes', () => {
    expect(scopesOf(journey('exit "a {{ b ?? "c}}" }} d"'), 'd')).not.toContain('meta.embedded');
  });

  it('have no hole behind a backslash', () => {
    expect(scopesOf(journey('exit "\\{{ plain }}"'), '{ plain }}')).not.toContain('meta.embedded');
  });

  it('end with their line when the quote is missing', () => {
    expect(scopesOf(journey('exit "open\n  wait 1 day'), 'wait')).toContain('keyword.control');
  });
});

describe('tests', () => {
  it.each([
    ['start at "2026-03-02T09:00:00Z"', 'at', 'keyword.control.test'],
    ['mock a with { x: 1 } fails http 503 2 times', 'http', 'constant.language'],
    ['mock a with { x: 1 } fails http 503 2 times', 'times', 'keyword.other.clause'],
    ['expect no send', 'send', 'keyword.control.test'],
    ['expect journey j at end', 'end', 'keyword.other.clause'],
    ['expect journey j exited "why"', 'exited', 'keyword.other.clause'],
    ['expect call a where "x" in request.body', 'request', 'variable.language'],
    ['expect profile.tier != "gold"', 'profile', 'variable.language'],
  ])('%s: %s', (line, piece, scope) => {
    expect(scopesOf(lines(line), piece)).toContain(`${scope}.journey`);
  });
});
