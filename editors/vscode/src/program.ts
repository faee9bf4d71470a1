// Finds the program `wayfare`: on the PATH, or where the setting says. No editor, no disk: both are given.

export interface Machine {
  windows: boolean;
  /** The variable PATH. */
  path: string;
  isProgram(path: string): boolean;
}

/** The path of the program that the setting `wayfare.path` means, if there is one. */
export function findProgram(setting: string, workspace: string | undefined, machine: Machine): string | undefined {
  const wanted = setting.trim() || 'wayfare';
  return places(wanted, workspace, machine)
    .flatMap((place) => (machine.windows ? [`${place}.exe`, place] : [place]))
    .find((place) => machine.isProgram(place));
}

function places(wanted: string, workspace: string | undefined, machine: Machine): string[] {
  const separator = machine.windows ? '\\' : '/';
  const within = (folder: string) => (folder.endsWith(separator) ? folder : folder + separator) + wanted;
  if (isAbsolute(wanted, machine)) return [wanted];
  if (/[/\\]/.test(wanted)) return workspace === undefined ? [] : [within(workspace)];
  return machine.path
    .split(machine.windows ? ';' : ':')
    .filter((folder) => folder !== '')
    .map(within);
}

function isAbsolute(path: string, { windows }: Machine): boolean {
  return windows ? /^(?:[A-Za-z]:[/\\]|\\\\)/.test(path) : path.startsWith('/');
}

/** What people read who have no such program. */
export function missing(setting: string): string {
  const wanted = setting.trim() || 'wayfare';
  return /[/\\]/.test(wanted)
    ? `There is no program at ${wanted}: the setting wayfare.path names it.`
    : `The program ${wanted} is not on the PATH: install Wayfare, or name its path in the setting wayfare.path.`;
}
