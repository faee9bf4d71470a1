// Files of the repository that the tests compare the extension with.
import { readdirSync, readFileSync } from 'node:fs';

const ROOT = new URL('../../../', import.meta.url);

export const read = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8');

/** The files of a folder whose names end so, with their texts. */
export function files(folder: string, ending: string): { name: string; text: string }[] {
  const names = readdirSync(new URL(folder, ROOT)).filter((name) => name.endsWith(ending));
  return names.sort().map((name) => ({ name, text: read(`${folder}/${name}`) }));
}

/** The journey texts of a Markdown page. */
export function examples(page: string): string[] {
  return [...page.matchAll(/^```journey.*\n([\s\S]*?)^```$/gm)].map((block) => block[1] ?? '');
}
