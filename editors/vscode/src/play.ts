// Plays tests in a terminal of the editor, and says how they went.

import { basename } from 'node:path';
import * as vscode from 'vscode';
import * as wayfare from './arguments';
import { program, project, saveJourneys } from './environment';
import { projectOf } from './project';

/** Behind the server's lens above a test: the file it stands in, and its name. */
export async function runTest(file: string, name: string): Promise<void> {
  await play(projectOf(file), name);
}

export async function runAllTests(): Promise<void> {
  const folder = project();
  if (folder !== undefined) await play(folder);
}

async function play(folder: string, only?: string): Promise<void> {
  const command = program();
  if (command === undefined) return;
  await saveJourneys();
  const title = only ?? `all tests of ${basename(folder)}`;
  const task = new vscode.Task(
    { type: 'process' },
    vscode.TaskScope.Workspace,
    title,
    'wayfare',
    new vscode.ProcessExecution(command, wayfare.test(folder, only), { cwd: folder }),
  );
  task.group = vscode.TaskGroup.Test;
  task.presentationOptions = { clear: true, panel: vscode.TaskPanelKind.Dedicated, showReuseMessage: false };
  const code = await exitCode(task);
  if (code === 0) vscode.window.setStatusBarMessage(`$(pass) ${title}`, 10_000);
  else if (code !== undefined) void vscode.window.showWarningMessage(`Failed: ${title}. The terminal says why.`);
}

/** The exit code of a task; none when somebody has closed its terminal. */
async function exitCode(task: vscode.Task): Promise<number | undefined> {
  // Listened for before the task runs: a short one may be over when its start is told.
  const ended = new Map<vscode.TaskExecution, number | undefined>();
  let tell = () => {};
  const listener = vscode.tasks.onDidEndTaskProcess((event) => {
    ended.set(event.execution, event.exitCode);
    tell();
  });
  try {
    const execution = await vscode.tasks.executeTask(task);
    while (!ended.has(execution)) await new Promise<void>((resolve) => (tell = resolve));
    return ended.get(execution);
  } finally {
    listener.dispose();
  }
}
