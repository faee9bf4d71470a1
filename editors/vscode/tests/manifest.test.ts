// The manifest promises what is there: commands, files, and a version of VS Code whose types were checked.
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { read } from './repository';

const manifest = JSON.parse(read('editors/vscode/package.json'));
const source = read('editors/vscode/src/extension.ts');
const registered = [...source.matchAll(/registerCommand\('([\w.]+)'/g)].map((match) => match[1]);

test('every command that is offered is registered', () => {
  const offered = manifest.contributes.commands.map((one: { command: string }) => one.command);
  expect(registered).toEqual(expect.arrayContaining(offered));
});

test('the command of the server\'s lens is registered', () => {
  const lens = /command: "(wayfare\.\w+)"\.into\(\)/.exec(read('crates/lsp/src/answer.rs'))?.[1];
  expect(lens).toBeDefined();
  expect(registered).toContain(lens);
});

test('every file that is named exists', () => {
  const { languages, grammars, snippets } = manifest.contributes;
  const named = [languages[0].configuration, grammars[0].path, snippets[0].path, 'README.md', 'LICENSE'];
  for (const path of named) expect(existsSync(new URL(`../${path}`, import.meta.url)), path).toBe(true);
});

test('the license is that of the project', () => {
  expect(readFileSync(new URL('../LICENSE', import.meta.url), 'utf8')).toBe(read('LICENSE'));
});

test('the oldest version of VS Code is the one whose types are used', () => {
  expect(`^${manifest.devDependencies['@types/vscode']}`).toBe(manifest.engines.vscode);
});
