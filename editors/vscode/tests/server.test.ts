// The language server answers as the extension counts on.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CodeLensRequest } from 'vscode-languageserver-protocol/node';
import { LanguageServer } from './languageServer';
import { read } from './repository';

interface Snippet {
  body: string[];
}

const folder = mkdtempSync(join(tmpdir(), 'wayfare-'));
const uriOf = (name: string) => pathToFileURL(join(folder, name)).href;

let server: LanguageServer;

beforeAll(async () => {
  server = await LanguageServer.start();
});

afterAll(async () => {
  rmSync(folder, { recursive: true });
  expect(await server?.stop()).toBe(0);
});

/** What a snippet inserts when nobody changes its proposals. */
function proposal(snippet: Snippet): string {
  const proposed = new Map<string, string>();
  const text = snippet.body.join('\n').replace(/\$\{(\d+)(?::([^}]*)|\|([^,|]*)[^}]*)\}/g, (_, number, plain, first) => {
    proposed.set(number, plain ?? first);
    return plain ?? first;
  });
  return text.replace(/\$(\d+)/g, (_, number) => proposed.get(number) ?? '');
}

test('an error is shown where it stands', async () => {
  const diagnostics = await server.open(uriOf('wrong.journey'), 'journey lost {\n  enter on nothing\n}\n');
  const unknown = diagnostics.find((one) => one.code === 'unknown-event');
  expect(unknown?.source).toBe('wayfare');
  expect(unknown?.range).toEqual({ start: { line: 1, character: 11 }, end: { line: 1, character: 18 } });
});

test('the lens above a test hands over its file and name', async () => {
  const uri = uriOf('tests.journey');
  await server.open(uri, 'test "it \\"works\\"" {\n}\n');
  const lenses = await server.connection.sendRequest(CodeLensRequest.type, { textDocument: { uri } });
  expect(lenses?.map((lens) => lens.command)).toEqual([
    expect.objectContaining({
      command: 'wayfare.runTest',
      arguments: [join(folder, 'tests.journey'), 'it "works"'],
    }),
  ]);
});

const snippets = Object.entries<Snippet>(JSON.parse(read('editors/vscode/snippets/journey.json')));

test.each(snippets)('the snippet %s is written as the language wants it', async (name, snippet) => {
  const text = proposal(snippet);
  const isDeclaration = /^(?:\/\/\/|message|test)/.test(text);
  const whole = isDeclaration ? text : `journey j {\n${text}\n}`;
  const diagnostics = await server.open(uriOf(`${name.replaceAll(' ', '-')}.journey`), `${whole}\n`);
  expect(diagnostics.filter((one) => one.code === 'syntax')).toEqual([]);
});
