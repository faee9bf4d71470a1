// What the editor knows of this machine: the program, the project in front, and what to say when one is missing.

import { accessSync, constants, readdirSync, statSync } from 'node:fs';
import * as vscode from 'vscode';
import { findProgram, missing } from './program';
import { findProject } from './project';

const OPEN_SETTINGS = 'Open settings';

/** The path of `wayfare`; tells the person when there is none. */
export function program(): string | undefined {
  const setting = vscode.workspace.getConfiguration('wayfare').get('path', 'wayfare');
  const workspace = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
  const found = findProgram(setting, workspace, {
    windows: process.platform === 'win32',
    path: process.env['PATH'] ?? '',
    isProgram,
  });
  if (found === undefined) void complain(setting);
  return found;
}

async function complain(setting: string): Promise<void> {
  const answer = await vscode.window.showErrorMessage(missing(setting), OPEN_SETTINGS);
  if (answer === OPEN_SETTINGS) {
    await vscode.commands.executeCommand('workbench.action.openSettings', 'wayfare.path');
  }
}

/** The project that is meant; tells the person when there is none. */
export function project(): string | undefined {
  const front = vscode.window.activeTextEditor?.document.uri;
  const file = front?.scheme === 'file' ? front.fsPath : undefined;
  const workspaces = (vscode.workspace.workspaceFolders ?? []).map((folder) => folder.uri.fsPath);
  const found = findProject(file, workspaces, hasJourneys);
  if (found === undefined) void vscode.window.showErrorMessage('There are no journey files in this workspace.');
  return found;
}

/** `wayfare` reads files from disk, so what is on the screen is saved first. */
export async function saveJourneys(): Promise<void> {
  const changed = vscode.workspace.textDocuments.filter((one) => one.languageId === 'journey' && one.isDirty);
  await Promise.all(changed.filter((one) => !one.isUntitled).map((one) => one.save()));
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function hasJourneys(folder: string): boolean {
  try {
    return readdirSync(folder).some((name) => name.endsWith('.journey'));
  } catch {
    return false;
  }
}
