// The commands of the extension, with the real program and a stand-in for the editor.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { drawJourney } from '../src/draw';
import { program } from '../src/environment';
import { runAllTests, runTest } from '../src/play';
import { binary } from './languageServer';
import { open, reset, screen } from './vscode';

vi.mock('vscode', () => import('./vscode'));

const JOURNEY = `profile { customerId: string key }

event asked {}

journey waits {
  enter on asked
  wait 1 day
}

journey leaves {
  enter on asked
  exit
}

test "it \\"waits\\"" {
  profile { customerId: "c1" }
  event asked
  expect journey waits inside
}

test "it fails" {
  profile { customerId: "c1" }
  event asked
  expect journey leaves inside
}
`;

const folder = mkdtempSync(join(tmpdir(), 'way fare-'));
const file = join(folder, 'all.journey');
writeFileSync(file, JOURNEY);
afterAll(() => rmSync(folder, { recursive: true }));

beforeEach(() => {
  reset();
  screen.path = binary();
});

describe('run test', () => {
  it('plays the test of the lens, after saving', async () => {
    open(file, JOURNEY);
    await runTest(file, 'it "waits"');
    expect(screen.shown).toEqual([
      `saved ${file}`,
      'terminal: ok      it "waits"\n\n1 passed, 0 failed',
      'status: $(pass) it "waits"',
    ]);
  });

  it('says so when it fails', async () => {
    await runTest(file, 'it fails');
    expect(screen.shown[0]).toContain('0 passed, 1 failed');
    expect(screen.shown[1]).toBe('warning: Failed: it fails. The terminal says why.');
  });
});

describe('run all tests', () => {
  it('plays those of the workspace when no journey is in front', async () => {
    screen.folders = [folder];
    await runAllTests();
    expect(screen.shown[0]).toContain('1 passed, 1 failed');
  });

  it('says when there are none', async () => {
    await runAllTests();
    expect(screen.shown).toEqual(['error: There are no journey files in this workspace.']);
  });
});

describe('draw journey', () => {
  it('draws the journey that the cursor stands in', async () => {
    open(file, JOURNEY, 5);
    await drawJourney();
    expect(screen.shown.at(-1)).toMatch(/^document: markdown\n# waits\n\n```mermaid\nflowchart TD\n[^]*\n```\n$/);
  });

  it('asks which one when it stands elsewhere', async () => {
    open(file, JOURNEY, 0);
    screen.answer = 'leaves';
    await drawJourney();
    expect(screen.shown[0]).toBe('pick: waits, leaves');
    expect(screen.shown.at(-1)).toContain('# leaves');
  });

  it('says why it cannot', async () => {
    open(file, JOURNEY.replaceAll('waits', 'unsaved'), 5);
    await drawJourney();
    expect(screen.shown.at(-1)).toMatch(/^error: The journey unsaved cannot be drawn\. .*there is no journey `unsaved`/);
  });
});

describe('a program that is missing', () => {
  it('is told, and the settings are one press away', async () => {
    screen.path = '/no/such/wayfare';
    screen.answer = 'Open settings';
    expect(program()).toBeUndefined();
    await vi.waitFor(() => expect(screen.shown).toHaveLength(2));
    expect(screen.shown).toEqual([
      'error: There is no program at /no/such/wayfare: the setting wayfare.path names it.',
      'command: workbench.action.openSettings wayfare.path',
    ]);
  });
});
