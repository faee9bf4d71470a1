// The real language server over standard input and output, as the extension starts it. WAYFARE_PROGRAM names the binary.
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  createProtocolConnection,
  DidOpenTextDocumentNotification,
  ExitNotification,
  InitializedNotification,
  InitializeRequest,
  PublishDiagnosticsNotification,
  SemanticTokensRequest,
  ShutdownRequest,
  StreamMessageReader,
  StreamMessageWriter,
  type Diagnostic,
  type ProtocolConnection,
} from 'vscode-languageserver-protocol/node';
import * as wayfare from '../src/arguments';

/** The path of `wayfare`. */
export function binary(): string {
  const path = process.env['WAYFARE_PROGRAM'];
  if (!path || !existsSync(path)) {
    throw new Error('set WAYFARE_PROGRAM to the path of the binary: cargo build --package cli makes target/debug/wayfare');
  }
  return resolve(path);
}

/** A part of a line that the server knows the kind of. */
export interface Token {
  line: number;
  start: number;
  length: number;
  kind: string;
}

export class LanguageServer {
  private constructor(
    private readonly process: ChildProcess,
    readonly connection: ProtocolConnection,
    private readonly kinds: string[],
  ) {}

  static async start(): Promise<LanguageServer> {
    const child = spawn(binary(), wayfare.serve(), { stdio: ['pipe', 'pipe', 'inherit'] });
    const connection = createProtocolConnection(new StreamMessageReader(child.stdout), new StreamMessageWriter(child.stdin));
    connection.listen();
    const greeting = { processId: process.pid, rootUri: null, capabilities: {} };
    const { capabilities } = await connection.sendRequest(InitializeRequest.type, greeting);
    await connection.sendNotification(InitializedNotification.type, {});
    return new LanguageServer(child, connection, capabilities.semanticTokensProvider?.legend.tokenTypes ?? []);
  }

  /** Opens a text as a file; gives what the server finds wrong with it. */
  async open(uri: string, text: string): Promise<Diagnostic[]> {
    const said = new Promise<Diagnostic[]>((resolve) => {
      const listener = this.connection.onNotification(PublishDiagnosticsNotification.type, (params) => {
        if (params.uri !== uri) return;
        listener.dispose();
        resolve(params.diagnostics);
      });
    });
    const textDocument = { uri, languageId: 'journey', version: 1, text };
    await this.connection.sendNotification(DidOpenTextDocumentNotification.type, { textDocument });
    return said;
  }

  /** The names, texts, numbers and comments of an open file. */
  async tokens(uri: string): Promise<Token[]> {
    const answer = await this.connection.sendRequest(SemanticTokensRequest.type, { textDocument: { uri } });
    const tokens: Token[] = [];
    let [line, start] = [0, 0];
    // Five numbers a token; lines and columns count from the token before.
    const numbers = [...(answer?.data ?? [])];
    while (numbers.length > 0) {
      const [lines = 0, columns = 0, length = 0, kind = 0] = numbers.splice(0, 5);
      start = lines === 0 ? start + columns : columns;
      line += lines;
      tokens.push({ line, start, length, kind: this.kinds[kind] ?? '' });
    }
    return tokens;
  }

  /** Says goodbye; gives the server's exit code. */
  async stop(): Promise<number | null> {
    const gone = new Promise<number | null>((resolve) => this.process.once('exit', resolve));
    await this.connection.sendRequest(ShutdownRequest.type);
    await this.connection.sendNotification(ExitNotification.type);
    return gone;
  }
}
