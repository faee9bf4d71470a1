// Where a project is: a folder of `*.journey` files, as the language server sees it.

import { dirname, join } from 'node:path';

/** The project that a file belongs to: the folder it lies in. */
export const projectOf = (file: string): string => dirname(file);

/** The project that is meant: that of the file in front, else the first workspace folder that has journeys. */
export function findProject(
  file: string | undefined,
  workspaces: readonly string[],
  hasJourneys: (folder: string) => boolean,
): string | undefined {
  if (file?.endsWith('.journey')) return projectOf(file);
  return workspaces.flatMap((folder) => [join(folder, 'journeys'), folder]).find(hasJourneys);
}
