import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findEditor, type EditorSearch } from './findEditor.ts';

function search(programs: readonly string[], environment: EditorSearch['environment'], platform: NodeJS.Platform = 'linux'): string | undefined {
  return findEditor({ platform, environment, isProgram: (file) => programs.includes(file) })?.file;
}

test('the folders of PATH are asked in their order, and code goes before the others', () => {
  const PATH = '/opt/bin:/usr/bin';
  assert.equal(search(['/usr/bin/code', '/opt/bin/code'], { PATH }), '/opt/bin/code');
  assert.equal(search(['/opt/bin/code-server', '/opt/bin/codium', '/usr/bin/code'], { PATH }), '/usr/bin/code');
  assert.equal(search(['/opt/bin/code-server', '/usr/bin/codium'], { PATH }), '/usr/bin/codium');
  assert.equal(search(['/opt/bin/code-server'], { PATH }), '/opt/bin/code-server');
});

test('nothing is found where there is nothing, and never in a relative folder', () => {
  assert.equal(search([], { PATH: '/usr/bin' }), undefined);
  assert.equal(search(['/usr/bin/code'], {}), undefined);
  assert.equal(search(['code', 'bin/code', './code'], { PATH: ':bin:.' }), undefined);
});

test('on Windows PATHEXT says what a program ends with', () => {
  const PATH = String.raw`C:\Windows;"C:\Program Files\VS Code\bin"`;
  const cmd = String.raw`C:\Program Files\VS Code\bin\code.cmd`;
  const bare = String.raw`C:\Program Files\VS Code\bin\code`;
  assert.equal(search([bare, cmd], { PATH, PATHEXT: '.EXE;.CMD' }, 'win32'), cmd);
  assert.equal(search([bare, cmd], { PATH }, 'win32'), cmd);
  assert.equal(search([bare, cmd], { PATH, PATHEXT: '.EXE' }, 'win32'), undefined);
});

test('an editor that would use the profile of another window is not taken', () => {
  assert.equal(search(['/usr/bin/code'], { PATH: '/usr/bin', VSCODE_IPC_HOOK_CLI: '/run/vscode-ipc.sock' }), undefined);
  const windows = '/mnt/c/Program Files/VS Code/bin';
  assert.equal(search([`${windows}/code`], { PATH: windows, WSL_DISTRO_NAME: 'Debian' }), undefined);
  assert.equal(search([`${windows}/code`], { PATH: windows }), `${windows}/code`);
});
