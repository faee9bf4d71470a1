// The real language server over standard input and output, as the extension starts it. WAYFARE names the binary.
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  CodeLensRequest,
  createProtocolConnection,
  DidOpenTextDocumentNotification,
  ExitNotification,
  InitializedNotification,
  InitializeRequest,
  PublishDiagnosticsNotification,
  ShutdownRequest,
  StreamMessageReader,
  StreamMessageWriter,
  type Diagnostic,
  type ProtocolConnection,
} from 'vscode-languageserver-protocol/node';
import * as wayfare from '../src/arguments';
import { read } from './repository';

interface Snippet {
  body: string[];
}

const folder = mkdtempSync(join(tmpdir(), 'wayfare-'));
const uriOf = (name: string) => pathToFileURL(join(folder, name)).href;

let server: ChildProcess;
let connection: ProtocolConnection;

beforeAll(async () => {
  const binary = process.env['WAYFARE'];
  if (!binary || !existsSync(binary)) {
    throw new Error('set WAYFARE to the path of the binary: cargo build --package cli makes target/debug/wayfare');
  }
  server = spawn(binary, wayfare.serve(), { stdio: ['pipe', 'pipe', 'inherit'] });
  if (!server.stdout || !server.stdin) throw new Error('the server has no standard input and output');
  connection = createProtocolConnection(new StreamMessageReader(server.stdout), new StreamMessageWriter(server.stdin));
  connection.listen();
  await connection.sendRequest(InitializeRequest.type, { processId: process.pid, rootUri: null, capabilities: {} });
  await connection.sendNotification(InitializedNotification.type, {});
});

afterAll(async () => {
  rmSync(folder, { recursive: true });
  if (!connection) return;
  const gone = new Promise((resolve) => server.once('exit', resolve));
  await connection.sendRequest(ShutdownRequest.type);
  await connection.sendNotification(ExitNotification.type);
  expect(await gone).toBe(0);
});

/** Opens a text as a file of the project; gives what the server finds wrong with it. */
async function open(name: string, text: string): Promise<Diagnostic[]> {
  const uri = uriOf(name);
  const said = new Promise<Diagnostic[]>((resolve) => {
    const listener = connection.onNotification(PublishDiagnosticsNotification.type, (params) => {
      if (params.uri !== uri) return;
      listener.dispose();
      resolve(params.diagnostics);
    });
  });
  const textDocument = { uri, languageId: 'journey', version: 1, text };
  await connection.sendNotification(DidOpenTextDocumentNotification.type, { textDocument });
  return said;
}

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
  const diagnostics = await open('wrong.journey', 'journey lost {\n  enter on nothing\n}\n');
  const unknown = diagnostics.find((one) => one.code === 'unknown-event');
  expect(unknown?.source).toBe('wayfare');
  expect(unknown?.range).toEqual({ start: { line: 1, character: 11 }, end: { line: 1, character: 18 } });
});

test('the lens above a test hands over its file and name', async () => {
  await open('tests.journey', 'test "it \\"works\\"" {\n}\n');
  const lenses = await connection.sendRequest(CodeLensRequest.type, { textDocument: { uri: uriOf('tests.journey') } });
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
  const diagnostics = await open(`${name.replaceAll(' ', '-')}.journey`, `${whole}\n`);
  expect(diagnostics.filter((one) => one.code === 'syntax')).toEqual([]);
});
