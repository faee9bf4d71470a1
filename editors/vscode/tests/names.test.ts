// Grammar and server agree what is a name: names are not coloured as words of the language, and all other words are.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { highlight, type Piece } from './highlight';
import { LanguageServer } from './languageServer';
import { examples, files, read } from './repository';

const uriOf = (project: string, name: string) => `file:///nowhere/${project}/${name}`;
const place = (at: { line: number; start: number }) => `${at.line + 1}:${at.start + 1}`;

const projects = {
  manual: [{ name: 'language.journey', text: examples(read('docs/language.md')).join('\n') }],
  journeys: files('journeys', '.journey'),
  words: files('editors/vscode/tests', '.journey'),
};

let server: LanguageServer;

beforeAll(async () => {
  server = await LanguageServer.start();
});

afterAll(() => server?.stop());

describe.each(Object.entries(projects))('%s', (project, sources) => {
  /** The pieces of a file, and where the server sees names. */
  async function seen(name: string): Promise<{ pieces: Piece[]; names: Set<string> }> {
    const text = sources.find((source) => source.name === name)?.text ?? '';
    const tokens = await server.tokens(uriOf(project, name));
    const named = tokens.filter(({ kind }) => !['comment', 'string', 'number'].includes(kind));
    // The word `profile` declares itself.
    const names = named.filter((one) => !text.split('\n')[one.line]?.slice(one.start).startsWith('profile {'));
    return { pieces: highlight(text).pieces, names: new Set(names.map(place)) };
  }

  it('is a project without errors', async () => {
    for (const { name, text } of sources) await server.open(uriOf(project, name), text);
    const last = sources.at(-1);
    expect(await server.open(uriOf(project, last?.name ?? ''), last?.text ?? '')).toEqual([]);
  });

  it.each(sources)('$name has no name in the colour of a keyword', async ({ name }) => {
    const { pieces, names } = await seen(name);
    const words = pieces.filter((piece) => /^(?:keyword|constant|support\.function)\./.test(piece.scopes.at(-1) ?? ''));
    expect(names.size).toBeGreaterThan(0);
    expect(words.filter((piece) => names.has(place(piece))).map((piece) => `${place(piece)} ${piece.text}`)).toEqual([]);
  });

  it.each(sources)('$name has no keyword in the colour of a name', async ({ name }) => {
    const { pieces, names } = await seen(name);
    const plain = pieces.filter((piece) => piece.scopes.at(-1) === 'variable.other.journey');
    expect(plain.filter((piece) => !names.has(place(piece))).map((piece) => `${place(piece)} ${piece.text}`)).toEqual([]);
  });
});
