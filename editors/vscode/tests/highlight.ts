// Colours journey text with the grammar, as the editor does, and gives every piece with its scopes.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import oniguruma from 'vscode-oniguruma';
import textmate, { type IGrammar, type StateStack } from 'vscode-textmate';

const GRAMMAR = new URL('../syntaxes/journey.tmLanguage.json', import.meta.url);

/** A piece of a line, without the space around it. */
export interface Piece {
  text: string;
  scopes: string[];
  line: number;
  start: number;
}

/** A text in colours, and how many scopes are open before each of its lines and behind the last. */
export interface Highlighted {
  pieces: Piece[];
  open: number[];
}

export const grammarText = readFileSync(GRAMMAR, 'utf8');

async function load(): Promise<IGrammar> {
  const wasm = createRequire(import.meta.url).resolve('vscode-oniguruma/release/onig.wasm');
  await oniguruma.loadWASM(readFileSync(wasm));
  const registry = new textmate.Registry({
    onigLib: Promise.resolve({
      createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
      createOnigString: (text) => new oniguruma.OnigString(text),
    }),
    loadGrammar: async () => textmate.parseRawGrammar(grammarText, GRAMMAR.pathname),
  });
  const grammar = await registry.loadGrammar('source.journey');
  if (!grammar) throw new Error('the grammar cannot be loaded');
  return grammar;
}

const grammar = await load();

export function highlight(text: string): Highlighted {
  const found: Highlighted = { pieces: [], open: [] };
  let state: StateStack = textmate.INITIAL;
  text.split('\n').forEach((line, number) => {
    found.open.push(state.depth);
    const result = grammar.tokenizeLine(line, state);
    for (const { startIndex, endIndex, scopes } of result.tokens) {
      const piece = line.slice(startIndex, endIndex);
      const start = startIndex + piece.search(/\S/);
      if (piece.trim()) found.pieces.push({ text: piece.trim(), scopes, line: number, start });
    }
    state = result.ruleStack;
  });
  found.open.push(state.depth);
  return found;
}

/** The scopes of the first piece that reads `piece`, innermost last. */
export function scopesOf(text: string, piece: string): string {
  const found = highlight(text).pieces.find((one) => one.text === piece);
  if (!found) throw new Error(`no piece reads ${piece}`);
  return found.scopes.join(' ');
}
