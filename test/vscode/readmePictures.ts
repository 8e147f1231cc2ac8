// Not a test, but made like one: `npm run pictures`.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from '../../scripts/runTool.ts';
import { connect, editorTest, type EditorBench } from './host/editorBench.ts';

const prices = `import { round } from './money.ts';

/** What an order costs, in cents. */
export function total(items: readonly Item[]): number {
  return round(sumOf(items));
}

function sumOf(items: readonly Item[]): number {
  let sum = 0;
  for (const { price, count } of items) sum += price * count;
  return sum;
}

export interface Item {
  readonly name: string;
  readonly price: number;
  readonly count: number;
}
`;
const withVoucher = prices
  .replace('(items: readonly Item[]): number {\n  return round', '(items: readonly Item[], voucher = 0): number {\n  return round')
  .replace('round(sumOf(items))', 'round(Math.max(0, sumOf(items) - voucher))');
const files = {
  'README.md': '# Shop\n\nWhat is in the basket, and what it costs.\n',
  'src/money.ts': 'export const round = (cents: number): number => Math.round(cents);\n',
  'src/prices.ts': prices,
  'src/basket.ts': "import { total } from './prices.ts';\n\nexport const empty = total([]);\n",
  'drafts/letter.md': 'Dear customer,\n\n',
  'drafts/offer.md': '# Offer\n',
  'drafts/notes/monday.md': 'Call the printer.\n',
};

editorTest('pictures of README.md', { files, settings: { 'diffEditor.useInlineViewWhenSpaceIsLimited': false } }, async (bench) => {
  const { workbench: w, folder } = bench;
  await connect(bench);
  await w.container('Backup');
  await w.openFile('prices.ts');
  await w.item('File History', 'new').waitFor();
  await widenSidebar(bench);
  await w.rewrite(withVoucher);
  const saved = w.item('Snapshots', '1 file changed');
  await saved.waitFor();
  execFileSync('rm', ['-r', join(folder, 'drafts')]); // as somebody does who meant another folder
  const gone = w.item('Snapshots', '3 deleted');
  await gone.waitFor();
  await w.expand(gone);
  await w.item('Snapshots', /^drafts/).waitFor();
  await w.page.locator('.activitybar .badge').first().waitFor({ state: 'hidden' });
  await w.page.mouse.move(900, 500);
  await keep(bench, 'snapshots');

  await w.item('File History', 'new').click();
  await w.diff('modified').filter({ hasText: 'voucher' }).first().waitFor();
  await w.page.mouse.move(900, 500);
  await keep(bench, 'compare');

  await w.action(w.item('Snapshots', /^drafts/), 'Restore');
  await w.pick('Bring back files, keep everything else');
  await w.modal.getByText('write 3 files').waitFor();
  await w.toast('Looking').waitFor({ state: 'hidden' });
  await keep(bench, 'restore');
});

async function keep({ workbench }: EditorBench, name: string): Promise<void> {
  await workbench.screenshot(join(root, 'docs/pictures', `${name}.png`));
}

/** So that the lines of the tree are read whole. */
async function widenSidebar({ workbench: { page } }: EditorBench): Promise<void> {
  const box = await page.locator('.part.sidebar').boundingBox();
  if (box === null) throw new Error('There is no sidebar.');
  const edge = box.x + box.width;
  await page.mouse.move(edge, 500);
  await page.mouse.down();
  await page.mouse.move(edge + 90, 500, { steps: 5 });
  await page.mouse.up();
}
