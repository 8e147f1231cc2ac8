import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Locator, Page } from 'playwright-core';

const openMs = 90_000;

/** The editor's window, as a person sees and uses it. What is not there yet is waited for. */
export class Workbench {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  async open(url: string): Promise<void> {
    await this.page.goto(url);
    await this.page.locator('.monaco-workbench').waitFor({ timeout: openMs });
  }

  /** Of the command palette, an input box or a pick. */
  get quickInput(): Locator {
    return this.page.locator('.quick-input-widget:visible');
  }

  /** Runs a command by its `Category: Title`. */
  async run(title: string): Promise<void> {
    await this.page.keyboard.press('F1');
    await this.quickInput.locator('input.input').fill(`>${title}`);
    await this.quickInput.getByRole('option', { name: title }).first().click();
  }

  /** Answers an input box, known by what it asks. */
  async answer(prompt: string | RegExp, text: string): Promise<void> {
    await this.quickInput.getByText(prompt).first().waitFor();
    const input = this.quickInput.locator('input.input');
    await input.fill(text);
    await input.press('Enter');
  }

  async pick(label: string | RegExp): Promise<void> {
    await this.quickInput.getByRole('option').filter({ hasText: label }).first().click();
  }

  toast(text: string | RegExp): Locator {
    return this.page.locator('.notification-toast').filter({ hasText: text });
  }

  async press(button: string, within: Locator): Promise<void> {
    await within.getByRole('button', { name: button, exact: true }).click();
  }

  /** A message that stands in the way of everything else. */
  get modal(): Locator {
    return this.page.locator('.monaco-dialog-box');
  }

  /** Opens a container of the activity bar. */
  async container(title: string): Promise<void> {
    const tab = this.page.locator('.activitybar').getByRole('tab', { name: title });
    if ((await tab.getAttribute('aria-selected')) !== 'true') await tab.click();
  }

  /** A line of a tree. Its name for a screen reader is its tooltip, so it is found by what it shows. */
  item(view: string, text: string | RegExp): Locator {
    return this.page.getByRole('tree', { name: view }).getByRole('treeitem').filter({ hasText: text });
  }

  /** Opens a line of a tree that holds others, unless it is open. */
  async expand(item: Locator): Promise<void> {
    if ((await item.getAttribute('aria-expanded')) === 'true') return;
    await item.click();
  }

  /** A button that a line of a tree shows under the mouse. */
  async action(item: Locator, name: string): Promise<void> {
    await item.hover();
    await item.getByRole('button', { name }).first().click();
  }

  async contextMenu(item: Locator, entry: string): Promise<void> {
    await item.click({ button: 'right' });
    await this.page.locator('.monaco-menu').getByRole('menuitem', { name: entry, exact: true }).click();
  }

  status(text: string | RegExp): Locator {
    return this.page.locator('.statusbar-item').filter({ hasText: text });
  }

  tab(name: string | RegExp): Locator {
    return this.page.locator('.tabs-container').getByRole('tab', { name });
  }

  get editor(): Locator {
    return this.page.locator('.editor-instance .monaco-editor').first();
  }

  /** The lines of a diff as they are shown; a space of the text is a no-break space there. */
  diff(side: 'original' | 'modified'): Locator {
    return this.page.locator(`.monaco-diff-editor .${side} .view-line`);
  }

  /** Opens a file of the folder by its name. */
  async openFile(name: string): Promise<void> {
    await this.page.keyboard.press('Control+p');
    await this.quickInput.locator('input.input').fill(name);
    await this.quickInput.getByRole('option', { name }).first().click();
    await this.tab(name).waitFor();
  }

  /** Replaces all of the open file, as typing does, and saves it. */
  async rewrite(text: string, { save = true }: { readonly save?: boolean } = {}): Promise<void> {
    await this.editor.click();
    await this.page.keyboard.press('Control+a');
    await this.page.keyboard.insertText(text);
    if (save) await this.page.keyboard.press('Control+s');
  }

  async clearToasts(): Promise<void> {
    await this.run('Notifications: Clear All Notifications');
  }

  async screenshot(file: string): Promise<void> {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, await this.page.screenshot({ animations: 'disabled' }));
  }
}
