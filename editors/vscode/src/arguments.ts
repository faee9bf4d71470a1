// The command lines of `wayfare`, as lists of arguments: they are handed over without a shell, so nothing is quoted.

export const serve = (): string[] => ['lsp'];

/** Plays the tests of a folder, or only those whose names contain a text. */
export function test(folder: string, only?: string): string[] {
  // One argument with `=`: a name may begin with a dash.
  return only === undefined ? ['test', folder] : ['test', folder, `--only=${only}`];
}

export const graph = (folder: string, journey: string): string[] => ['graph', journey, '--journeys', folder];
