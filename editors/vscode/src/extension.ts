// The extension's two ends: what it offers as soon as a journey file is opened, and its goodbye.

import * as vscode from 'vscode';
import { drawJourney } from './draw';
import { Server } from './server';
import { runAllTests, runTest } from './play';

let server: Server | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const started = new Server();
  server = started;
  context.subscriptions.push(
    vscode.commands.registerCommand('wayfare.restartServer', () => started.restart()),
    vscode.commands.registerCommand('wayfare.runTest', runTest),
    vscode.commands.registerCommand('wayfare.runAllTests', runAllTests),
    vscode.commands.registerCommand('wayfare.drawJourney', drawJourney),
    vscode.workspace.onDidChangeConfiguration(async (change) => {
      if (change.affectsConfiguration('wayfare.path')) await started.restart();
    }),
  );
  await started.restart();
}

export async function deactivate(): Promise<void> {
  await server?.stop();
}
