import * as vscode from 'vscode';
import type { FollowedFolder, RuleSettings } from './messages/engineCalls.ts';

const megabyte = 1_000_000;
export const section = 'holdfast';

/** Of this machine alone: a workspace cannot redirect an upload. */
export interface MachineSettings {
  readonly server: string;
  readonly caFile: string;
  readonly proxy: string;
}

export function machineSettings(): MachineSettings {
  const settings = vscode.workspace.getConfiguration(section);
  return { server: settings.get('server', ''), caFile: settings.get('caFile', ''), proxy: settings.get('proxy', '') };
}

export function ruleSettings(folder: vscode.Uri): RuleSettings {
  const settings = vscode.workspace.getConfiguration(section, folder);
  return { exclude: settings.get<string[]>('exclude', []), fileBytesMax: Math.max(1, settings.get('maxFileSizeMB', 16_000)) * megabyte };
}

export function followedFolder({ uri, name }: vscode.WorkspaceFolder): FollowedFolder {
  const settings = vscode.workspace.getConfiguration(section, uri);
  return {
    folder: uri.fsPath,
    name,
    rules: ruleSettings(uri),
    auto: settings.get('autoBackup', true),
    coalesceMs: Math.max(0, settings.get('coalesceSeconds', 10)) * 1_000,
  };
}
