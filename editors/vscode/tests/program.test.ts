// The program is found as a shell would find it, and people are told what to do when it is not.
import { describe, expect, it } from 'vitest';
import { findProgram, missing, type Machine } from '../src/program';

const machine = (path: string, ...programs: string[]): Machine => ({
  windows: path.includes(';'),
  path,
  isProgram: (file) => programs.includes(file),
});

describe('findProgram', () => {
  const unix = machine('/usr/bin::/opt/wayfare/', '/opt/wayfare/wayfare', '/shop/bin/wayfare', '/bin/wf');
  const windows = machine('C:\\Windows;D:\\tools', 'D:\\tools\\wayfare.exe', 'E:\\shop\\bin\\wayfare.exe');

  it.each([
    ['wayfare', '/shop', '/opt/wayfare/wayfare'],
    [' ', '/shop', '/opt/wayfare/wayfare'],
    ['/bin/wf', undefined, '/bin/wf'],
    ['bin/wayfare', '/shop', '/shop/bin/wayfare'],
    ['bin/wayfare', undefined, undefined],
    ['wf', '/shop', undefined],
    ['/bin/other', '/shop', undefined],
  ])('finds %j in %s', (setting, workspace, found) => {
    expect(findProgram(setting, workspace, unix)).toBe(found);
  });

  it.each([
    ['wayfare', 'E:\\shop', 'D:\\tools\\wayfare.exe'],
    ['wayfare.exe', 'E:\\shop', 'D:\\tools\\wayfare.exe'],
    ['D:\\tools\\wayfare', 'E:\\shop', 'D:\\tools\\wayfare.exe'],
    ['bin\\wayfare', 'E:\\shop', 'E:\\shop\\bin\\wayfare.exe'],
    ['other', 'E:\\shop', undefined],
  ])('finds %j on Windows in %s', (setting, workspace, found) => {
    expect(findProgram(setting, workspace, windows)).toBe(found);
  });

  it('never looks for a bare name in the workspace', () => {
    expect(findProgram('wayfare', '/shop', machine('/usr/bin', '/shop/wayfare'))).toBeUndefined();
  });
});

describe('missing', () => {
  it('names the program and the setting', () => {
    expect(missing('')).toContain('The program wayfare is not on the PATH');
    expect(missing('./bin/wf')).toContain('There is no program at ./bin/wf');
    for (const setting of ['', './bin/wf']) expect(missing(setting)).toContain('wayfare.path');
  });
});
