// The language server `wayfare lsp`: started, restarted and stopped.

import type * as vscode from 'vscode';
import { LanguageClient } from 'vscode-languageclient/node';
import * as wayfare from './arguments';
import { program } from './environment';

export class Server implements vscode.Disposable {
  private client: LanguageClient | undefined;
  /** Starts and stops come one after the other, however fast they are asked for. */
  private last: Promise<void> = Promise.resolve();

  restart(): Promise<void> {
    return this.next(async () => {
      await this.end();
      await this.begin();
    });
  }

  stop(): Promise<void> {
    return this.next(() => this.end());
  }

  dispose(): void {
    void this.stop();
  }

  private next(step: () => Promise<void>): Promise<void> {
    this.last = this.last.then(step);
    return this.last;
  }

  private async begin(): Promise<void> {
    const command = program();
    if (command === undefined) return;
    this.client = new LanguageClient(
      'wayfare',
      'Wayfare',
      { command, args: wayfare.serve() },
      { documentSelector: [{ scheme: 'file', language: 'journey' }] },
    );
    // The client itself tells the person why a server does not start.
    await this.client.start().catch(() => undefined);
  }

  private async end(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    // A client whose server has not started cannot be stopped; it is forgotten all the same.
    await client?.dispose().catch(() => undefined);
  }
}
