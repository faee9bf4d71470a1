// A stand-in for the editor: it notes what the extension asks of it, and runs tasks as processes.
import { spawnSync } from 'node:child_process';

interface Document {
  languageId: string;
  isDirty: boolean;
  isUntitled: boolean;
  uri: { scheme: string; fsPath: string };
  getText(): string;
  save(): Promise<boolean>;
}

interface Ended {
  execution: object;
  exitCode: number | undefined;
}

/** What the person has set and opened, and what was shown to them. */
export const screen = {
  path: 'wayfare',
  folders: [] as string[],
  documents: [] as Document[],
  line: 0,
  /** The button that the person presses, or the line they pick. */
  answer: undefined as string | undefined,
  shown: [] as string[],
};

export function reset(): void {
  Object.assign(screen, { path: 'wayfare', folders: [], documents: [], line: 0, answer: undefined, shown: [] });
}

/** Opens a file that has changed since it was saved. */
export function open(fsPath: string, text: string, line = 0): void {
  const document: Document = {
    languageId: fsPath.endsWith('.journey') ? 'journey' : 'plaintext',
    isDirty: true,
    isUntitled: false,
    uri: { scheme: 'file', fsPath },
    getText: () => text,
    save: async () => {
      screen.shown.push(`saved ${fsPath}`);
      return true;
    },
  };
  screen.documents.unshift(document);
  screen.line = line;
}

const tell = (kind: string) => async (message: string) => {
  screen.shown.push(`${kind}: ${message}`);
  return screen.answer;
};

export const window = {
  get activeTextEditor() {
    const document = screen.documents[0];
    return document && { document, selection: { active: { line: screen.line } } };
  },
  showErrorMessage: tell('error'),
  showWarningMessage: tell('warning'),
  setStatusBarMessage: tell('status'),
  showQuickPick: (names: string[]) => tell('pick')(names.join(', ')),
  showTextDocument: tell('document'),
};

export const workspace = {
  get workspaceFolders() {
    return screen.folders.map((fsPath) => ({ uri: { fsPath } }));
  },
  get textDocuments() {
    return screen.documents;
  },
  getConfiguration: () => ({ get: () => screen.path }),
  openTextDocument: async ({ language, content }: { language: string; content: string }) => `${language}\n${content}`,
};

export const commands = { executeCommand: (...words: string[]) => tell('command')(words.join(' ')) };

export class ProcessExecution {
  constructor(
    readonly process: string,
    readonly args: string[],
    readonly options: { cwd: string },
  ) {}
}

export class Task {
  constructor(
    readonly definition: object,
    readonly scope: number,
    readonly name: string,
    readonly source: string,
    readonly execution: ProcessExecution,
  ) {}
}

export const TaskScope = { Workspace: 2 };
export const TaskGroup = { Test: 'test' };
export const TaskPanelKind = { Dedicated: 2 };
export const ViewColumn = { Beside: -2 };

const listeners = new Set<(event: Ended) => void>();

export const tasks = {
  onDidEndTaskProcess(listener: (event: Ended) => void) {
    listeners.add(listener);
    return { dispose: () => listeners.delete(listener) };
  },
  /** The task is over before its start is told: the extension has to bear that. */
  async executeTask({ execution }: Task): Promise<object> {
    const { status, stdout } = spawnSync(execution.process, execution.args, { ...execution.options, encoding: 'utf8' });
    screen.shown.push(`terminal: ${stdout.trim().replace(/ in \d+ ms$/, '')}`);
    for (const listener of listeners) listener({ execution, exitCode: status ?? undefined });
    return execution;
  },
};
