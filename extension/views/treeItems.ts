import * as vscode from 'vscode';
import { displayName, nameOfPath, parentPath } from '../../engine/core/byteString.ts';
import { snapshotUri } from '../browse/snapshotUris.ts';
import type { ChangeSummary, SnapshotSummary } from '../messages/engineCalls.ts';
import { changeText, countsText, runText, snapshotTooltip, triggerText } from '../model/snapshotText.ts';
import { entriesPage, nodeId, snapshotsPage, type TreeNode } from '../model/snapshotTree.ts';
import { formatBytes, formatClock, formatCount, formatTime } from '../model/units.ts';

const { None, Collapsed, Expanded } = vscode.TreeItemCollapsibleState;

/** How a node of the tree looks. `contextValue` is what the manifest's menus ask for. */
export function treeItem(node: TreeNode): vscode.TreeItem {
  const item = itemOf(node);
  item.id = nodeId(node);
  return item;
}

function itemOf(node: TreeNode): vscode.TreeItem {
  switch (node.kind) {
    case 'workspace':
      return Object.assign(new vscode.TreeItem(node.at.name, Expanded), { iconPath: new vscode.ThemeIcon('root-folder'), contextValue: 'workspace', tooltip: node.at.folder });
    case 'day': {
      const state = node.day.label === 'Today' ? Expanded : Collapsed;
      return Object.assign(new vscode.TreeItem(node.day.label, state), { description: formatCount(node.day.count, 'snapshot'), iconPath: new vscode.ThemeIcon('calendar'), contextValue: 'day' });
    }
    case 'run':
      return runItem(node);
    case 'snapshot':
      return snapshotItem(node.snapshot);
    case 'change':
      return changeItem(node);
    case 'whole':
      return Object.assign(new vscode.TreeItem('Whole folder', Collapsed), {
        description: `as of ${formatTime(node.snapshot.receivedAt)}`,
        iconPath: new vscode.ThemeIcon('list-tree'),
        contextValue: 'whole',
      });
    case 'entry':
      return entryItem(node);
    case 'moreSnapshots':
      return more(node, `Load ${snapshotsPage} older snapshots…`);
    case 'moreEntries':
      return more(node, `Show ${Math.min(entriesPage, node.left)} more of ${node.left.toLocaleString('en-US')}…`);
    case 'note':
      return Object.assign(new vscode.TreeItem(node.text, None), { contextValue: 'note' });
    default:
      return node satisfies never;
  }
}

function runItem({ run }: Extract<TreeNode, { kind: 'run' }>): vscode.TreeItem {
  const first = run.snapshots.at(-1)!;
  const item = new vscode.TreeItem(`${formatClock(first.receivedAt)} – ${formatClock(run.newest.receivedAt)}`, Collapsed);
  item.description = runText(run);
  item.iconPath = new vscode.ThemeIcon('layers');
  item.contextValue = 'run';
  item.tooltip = `${formatCount(run.snapshots.length, 'snapshot')} of the same files, shown as one`;
  return item;
}

function snapshotItem(snapshot: SnapshotSummary): vscode.TreeItem {
  const item = new vscode.TreeItem(formatClock(snapshot.receivedAt), Collapsed);
  item.description = `${countsText(snapshot)} · ${triggerText(snapshot)}`;
  item.tooltip = snapshotTooltip(snapshot);
  const icon = snapshot.stub ? 'circle-slash' : snapshot.partial ? 'circle-outline' : snapshot.message === undefined ? 'history' : 'bookmark';
  item.iconPath = new vscode.ThemeIcon(icon);
  item.contextValue = snapshot.stub ? 'stub' : 'snapshot';
  return item;
}

function changeItem(node: Extract<TreeNode, { kind: 'change' }>): vscode.TreeItem {
  const { snapshot, change } = node;
  const { path, kind, entry } = change;
  const name = displayName(nameOfPath(path));
  const item = new vscode.TreeItem(name, None);
  const above = displayName(parentPath(path));
  item.description = [changeText(kind), above].filter((part) => part !== '').join(' · ');
  item.tooltip = `${displayName(path)}: ${changeText(kind)} at ${formatTime(snapshot.receivedAt)}`;
  item.iconPath = entry === 'directory' ? vscode.ThemeIcon.Folder : new vscode.ThemeIcon(changeIcons[kind], new vscode.ThemeColor(changeColours[kind]));
  item.contextValue = contextOf(change);
  if (entry !== 'directory') item.command = { command: 'holdfast.compareChange', title: 'Show What Changed', arguments: [node] };
  return item;
}

function contextOf({ kind, entry }: ChangeSummary): string {
  const what = entry === 'directory' ? 'folder' : 'file';
  return kind === 'delete' ? `deleted ${what}` : what;
}

const changeIcons = { add: 'diff-added', modify: 'diff-modified', meta: 'diff-modified', delete: 'diff-removed', type: 'diff-renamed' } as const satisfies Readonly<Record<ChangeSummary['kind'], string>>;
const changeColours = {
  add: 'gitDecoration.addedResourceForeground',
  modify: 'gitDecoration.modifiedResourceForeground',
  meta: 'gitDecoration.modifiedResourceForeground',
  delete: 'gitDecoration.deletedResourceForeground',
  type: 'gitDecoration.renamedResourceForeground',
} as const satisfies Readonly<Record<ChangeSummary['kind'], string>>;

function entryItem({ snapshot, entry }: Extract<TreeNode, { kind: 'entry' }>): vscode.TreeItem {
  const directory = entry.kind === 'directory';
  const uri = snapshotUri({ snapshot: snapshot.id, path: entry.path });
  const item = new vscode.TreeItem(displayName(nameOfPath(entry.path)), directory ? Collapsed : None);
  item.resourceUri = uri;
  item.iconPath = directory ? vscode.ThemeIcon.Folder : vscode.ThemeIcon.File;
  item.contextValue = directory ? 'folder' : entry.kind === 'file' ? 'file' : 'link';
  if (entry.kind === 'symlink') item.description = 'link';
  item.tooltip = `${displayName(entry.path)}${entry.kind === 'file' ? `, ${formatBytes(entry.size)}` : ''}, changed ${formatTime(entry.modifiedAt)}`;
  if (entry.kind === 'file') item.command = { command: 'vscode.open', title: 'Open', arguments: [uri] };
  return item;
}

function more(node: TreeNode, label: string): vscode.TreeItem {
  const item = new vscode.TreeItem(label, None);
  item.command = { command: 'holdfast.loadMore', title: label, arguments: [node] };
  item.contextValue = 'more';
  return item;
}
