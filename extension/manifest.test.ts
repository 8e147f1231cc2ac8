// The manifest and the code that answers for it cannot be compared by the compiler.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

interface Manifest {
  readonly activationEvents: readonly string[];
  readonly capabilities: { readonly untrustedWorkspaces: { readonly restrictedConfigurations: readonly string[] } };
  readonly contributes: {
    readonly commands: readonly { readonly command: string; readonly title: string; readonly category: string }[];
    readonly menus: Readonly<Record<string, readonly { readonly command?: string; readonly submenu?: string }[]>>;
    readonly submenus: readonly { readonly id: string }[];
    readonly configuration: { readonly properties: Readonly<Record<string, { readonly scope: string; readonly description?: string; readonly markdownDescription?: string }>> };
    readonly views: Readonly<Record<string, readonly { readonly id: string }[]>>;
    readonly viewsWelcome: readonly { readonly contents: string }[];
  };
}

const read = async (path: string): Promise<string> => await readFile(new URL(path, import.meta.url), 'utf8');
const { contributes, capabilities, activationEvents } = JSON.parse(await read('../package.json')) as Manifest;
const commands = new Set(contributes.commands.map(({ command }) => command));

test('every command of the manifest is registered, and every registered one is in it', async () => {
  const table = /const table[^{]*\{\n(.*?)\n {2}\};/s.exec(await read('commands/registerCommands.ts'))?.[1] ?? '';
  const registered = Array.from(table.matchAll(/^ {4}(\w+):/gm), ([, name]) => `holdfast.${name}`);
  assert.deepEqual(registered.sort(), [...commands].sort());
  assert.ok(contributes.commands.every(({ category }) => category === 'Backup'));
});

test('menus and welcome texts name commands and submenus that exist', () => {
  const submenus = new Set(contributes.submenus.map(({ id }) => id));
  for (const [menu, items] of Object.entries(contributes.menus)) {
    assert.ok(submenus.has(menu) || !menu.startsWith('holdfast.'), menu);
    for (const { command, submenu } of items) assert.ok(command === undefined ? submenus.has(submenu ?? '') : commands.has(command), `${menu}: ${command ?? submenu}`);
  }
  for (const { contents } of contributes.viewsWelcome) {
    for (const [, name = ''] of contents.matchAll(/command:(holdfast\.\w+)/g)) assert.ok(commands.has(name), name);
  }
});

test('a cloned repository cannot say where to, and every setting is explained', () => {
  const { properties } = contributes.configuration;
  for (const name of ['server', 'caFile', 'proxy']) assert.equal(properties[`holdfast.${name}`]?.scope, 'machine', name);
  for (const [name, { scope, description, markdownDescription }] of Object.entries(properties)) {
    assert.ok((description ?? markdownDescription ?? '').length > 20, name);
    if (scope !== 'machine') assert.ok(capabilities.untrustedWorkspaces.restrictedConfigurations.includes(name), name);
  }
});

test('it starts after the window, and for documents of snapshots', () => {
  assert.deepEqual(activationEvents, ['onStartupFinished', 'onFileSystem:holdfast']);
});
