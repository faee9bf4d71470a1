// Command lines, projects, journeys of a file, drawings.
import { describe, expect, it } from 'vitest';
import * as wayfare from '../src/arguments';
import { page } from '../src/drawing';
import { journeyAt, journeyNames } from '../src/outline';
import { findProject, projectOf } from '../src/project';
import { read } from './repository';

describe('command lines', () => {
  it('play the tests of a folder, whatever their names are', () => {
    expect(wayfare.test('/my shop/journeys')).toEqual(['test', '/my shop/journeys']);
    const names = ['"quoted" $HOME; rm', '--watch', ''];
    for (const name of names) expect(wayfare.test('/shop', name)).toEqual(['test', '/shop', `--only=${name}`]);
  });

  it('draw a journey of a folder', () => {
    expect(wayfare.graph('/shop', 'welcome')).toEqual(['graph', 'welcome', '--journeys', '/shop']);
  });

  it('start the server', () => {
    expect(wayfare.serve()).toEqual(['lsp']);
  });
});

describe('the project', () => {
  const hasJourneys = (folder: string) => ['/two/journeys', '/three'].includes(folder);

  it('is the folder that a file lies in', () => {
    expect(projectOf('/shop/journeys/a.journey')).toBe('/shop/journeys');
    expect(findProject('/shop/journeys/a.journey', ['/two'], hasJourneys)).toBe('/shop/journeys');
  });

  it('is looked for in the workspace when no journey is in front', () => {
    expect(findProject('/two/README.md', ['/one', '/two', '/three'], hasJourneys)).toBe('/two/journeys');
    expect(findProject(undefined, ['/one', '/three'], hasJourneys)).toBe('/three');
    expect(findProject(undefined, ['/one'], hasJourneys)).toBeUndefined();
    expect(findProject(undefined, [], hasJourneys)).toBeUndefined();
  });
});

describe('the journey under the cursor', () => {
  const text = read('journeys/vip_reward.journey');
  const line = (start: string) => text.split('\n').findIndex((one) => one.startsWith(start));

  it('is the one that the line stands in', () => {
    expect(journeyAt(text, line('journey vipReward'))).toBe('vipReward');
    expect(journeyAt(text, line('journey vipReward') + 4)).toBe('vipReward');
  });

  it('is none in another declaration', () => {
    expect(journeyAt(text, 0)).toBeUndefined();
    expect(journeyAt(text, line('action sendText') + 2)).toBeUndefined();
    expect(journeyAt(text, line('test "a VIP') + 1)).toBeUndefined();
  });

  it('is not taken for the word in a test', () => {
    expect(journeyNames('test "t" {\n  journey a\n}\njourney über_2 {\n}\njourney\n')).toEqual(['über_2']);
  });
});

describe('a drawing', () => {
  it('is a page with a fence', () => {
    expect(page('welcome', 'flowchart TD\n  a --> b\n\n')).toBe(
      '# welcome\n\n```mermaid\nflowchart TD\n  a --> b\n```\n',
    );
  });
});
