// Draws a journey: `wayfare graph` as Mermaid, on a Markdown page beside the journey.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import * as vscode from 'vscode';
import * as wayfare from './arguments';
import { page } from './drawing';
import { program, saveJourneys } from './environment';
import { journeyAt, journeyNames } from './outline';
import { projectOf } from './project';

export async function drawJourney(): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  if (editor?.document.languageId !== 'journey' || editor.document.uri.scheme !== 'file') {
    void vscode.window.showErrorMessage('Open the file of the journey first.');
    return;
  }
  const command = program();
  if (command === undefined) return;
  const journey = await chosen(editor);
  if (journey === undefined) return;
  await saveJourneys();
  try {
    const folder = projectOf(editor.document.uri.fsPath);
    const { stdout } = await promisify(execFile)(command, wayfare.graph(folder, journey), { cwd: folder });
    await show(page(journey, stdout));
  } catch (error) {
    void vscode.window.showErrorMessage(`The journey ${journey} cannot be drawn. ${reason(error)}`);
  }
}

/** The journey that the cursor stands in, or the one that is picked. */
async function chosen(editor: vscode.TextEditor): Promise<string | undefined> {
  const text = editor.document.getText();
  const here = journeyAt(text, editor.selection.active.line);
  if (here !== undefined) return here;
  const names = journeyNames(text);
  if (names.length === 0) void vscode.window.showErrorMessage('There is no journey in this file.');
  return names.length > 1 ? vscode.window.showQuickPick(names, { placeHolder: 'Which journey?' }) : names[0];
}

async function show(content: string): Promise<void> {
  const document = await vscode.workspace.openTextDocument({ language: 'markdown', content });
  await vscode.window.showTextDocument(document, vscode.ViewColumn.Beside);
}

/** What the program has said; else why it has said nothing. */
function reason(error: unknown): string {
  const said = (error as { stderr?: string }).stderr?.trim();
  return said || (error instanceof Error ? error.message : String(error));
}
