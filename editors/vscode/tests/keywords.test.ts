// The grammar and the parser know the same words: a keyword that is new has a colour before it is merged.
import { expect, test } from 'vitest';
import { grammarText, highlight } from './highlight';
import { examples, files, read } from './repository';

const SYNTAX = 'crates/lang/src/syntax';

/** Words in quotes that the parser needs for itself. */
const NO_KEYWORDS = ['item'];

/** Names that mean something without being declared; the checker knows them, not the parser. */
const ROOTS = ['it', 'request', 'timestamp', 'method', 'path', 'id'];

const rust = (folder: string) => files(folder, '.rs').map((file) => file.text.replace(/^\s*\/\/.*$/gm, ''));
const parser = [...rust(`${SYNTAX}/parser`), read(`${SYNTAX}/template.rs`)].join('\n');
const enumerated = [...rust('crates/graph/src'), ...rust(`${SYNTAX}/ast`)].join('\n');

const wordsIn = (text: string) => [...text.matchAll(/"([A-Za-z_][A-Za-z0-9_]*)"/g)].map((match) => match[1] ?? '');

/** Every word that stands alone between quotes in the parser is one that it looks for. */
function written(): string[] {
  return wordsIn(parser.replace(/\/\/.*$/gm, '')).filter((word) => !NO_KEYWORDS.includes(word));
}

/** The words of enums that the parser goes through, as in `graph::Inside::ALL`. */
function named(): string[] {
  const enums = [...new Set([...parser.matchAll(/(\w+)::ALL/g)].map((match) => match[1] ?? ''))];
  return enums.flatMap((name) => {
    const words = [...enumerated.matchAll(new RegExp(`\\b${name}::\\w+ => "(\\w+)"`, 'g'))].map((match) => match[1] ?? '');
    if (words.length === 0) throw new Error(`the words of ${name} are not where they are looked for`);
    return words;
  });
}

function types(): string[] {
  const list = /BUILT_IN: [^=]*=\s*\[([^\]]*)\]/.exec(read('crates/lang/src/check/names.rs'))?.[1];
  return wordsIn(list ?? '');
}

/** The words that the grammar's patterns are made of. */
function listed(): string[] {
  const patterns: string[] = [];
  JSON.parse(grammarText, (key, value) => {
    if (['match', 'begin', 'end', 'while'].includes(key) && typeof value === 'string') patterns.push(value);
    return value;
  });
  const bare = patterns.map((pattern) => pattern.replace(/\\p\{\w+\}|\\.|\[(?:\\.|[^\]])*\]/g, ' '));
  return [...new Set(bare.flatMap((pattern) => pattern.match(/\w+/g) ?? []))].filter((word) => !/^\d/.test(word));
}

/** The words that are coloured as words of the language somewhere in the project's journeys and pages. */
function coloured(): Set<string> {
  const pages = ['tests/suite/lang', 'tests/suite/rehearse'].flatMap((folder) => files(folder, '.md'));
  const texts = [...pages.map((page) => page.text), read('docs/language.md')].flatMap(examples);
  texts.push(...files('journeys', '.journey').map((file) => file.text));
  texts.push(read('editors/vscode/tests/words.journey'));
  const pieces = texts.flatMap((text) => highlight(text).pieces);
  const ours = pieces.filter(({ scopes }) => /^(keyword|constant\.language|support)\./.test(scopes.at(-1) ?? ''));
  return new Set(ours.flatMap((piece) => piece.text.split('-')));
}

const known = new Set([...written(), ...named(), ...types()]);

test('the parser is read where its words are', () => {
  expect(known.size).toBeGreaterThan(120);
  expect([...known]).toEqual(expect.arrayContaining(['journey', 'wait', 'holdout', 'GET', 'endfor', 'queue', 'capped']));
  expect(types()).toContain('timezone');
});

test('every word of the grammar is one of the parser', () => {
  expect(listed().filter((word) => !known.has(word) && !ROOTS.includes(word))).toEqual([]);
  const checker = [...rust('crates/lang/src/check'), ...rust('crates/lang/src/check/test')].join('\n');
  expect(ROOTS.filter((word) => !checker.includes(`"${word}"`))).toEqual([]);
});

test('every word of the parser has a colour', () => {
  const seen = coloured();
  const missing = [...known].filter((word) => !seen.has(word));
  expect(missing, 'add them to syntaxes/journey.tmLanguage.json, and to tests/words.journey if no page uses them').toEqual([]);
});
