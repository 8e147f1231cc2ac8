import { homedir } from 'node:os';
import { parse } from 'node:path';
import * as vscode from 'vscode';
import type { EngineClient } from '../engineClient.ts';
import { serverName } from '../model/serverName.ts';
import type { Session } from '../../engine/core/session/session.ts';
import { consentQuestion, leftOutText } from '../model/consentText.ts';
import { ruleSettings } from '../settings.ts';

export type Consent = 'yes' | 'no';

/** Which folders a person agreed to back up, and to which account; kept on this machine, outside of every workspace. */
export class ConsentStore {
  readonly #memory: vscode.Memento;

  constructor(memory: vscode.Memento) {
    this.#memory = memory;
  }

  get(folder: vscode.Uri, session: Session): Consent | undefined {
    return this.#memory.get<Consent>(keyOf(folder, session));
  }

  async set(folder: vscode.Uri, session: Session, consent: Consent | undefined): Promise<void> {
    await this.#memory.update(keyOf(folder, session), consent);
  }
}

function keyOf(folder: vscode.Uri, { url, account }: Session): string {
  return `consent ${JSON.stringify([url, account, folder.fsPath])}`;
}

export interface AskOptions {
  readonly engine: EngineClient;
  readonly session: Session;
  readonly signal: AbortSignal;
}

/** Asks whether a folder is to be backed up. Undefined: the person did not answer. */
export async function askConsent(folder: vscode.WorkspaceFolder, { engine, session, signal }: AskOptions): Promise<Consent | undefined> {
  const survey = await engine.call('survey', { folder: folder.uri.fsPath, rules: ruleSettings(folder.uri) }, { signal });
  const { question, again } = consentQuestion({ name: folder.name, server: serverName(session), survey, whole: wholeOf(folder.uri.fsPath) });
  const [backUp, why, notThis] = ['Back Up', 'What Is Left Out?', 'Not This Folder'] as const;
  for (;;) {
    const answer = await vscode.window.showInformationMessage(question, backUp, ...(survey.leftOut > 0 ? [why] : []), notThis);
    switch (answer) {
      case undefined:
        return undefined;
      case notThis:
        return 'no';
      case why:
        await vscode.window.showInformationMessage(`Left out of “${folder.name}”`, { modal: true, detail: leftOutText(survey) });
        break;
      case backUp:
        return again === undefined || (await confirmAgain(again)) ? 'yes' : undefined;
      default:
        answer satisfies never;
    }
  }
}

async function confirmAgain(question: string): Promise<boolean> {
  const yes = 'Back Up All of It';
  return (await vscode.window.showWarningMessage(question, { modal: true }, yes)) === yes;
}

function wholeOf(folder: string): 'root' | 'home' | undefined {
  if (folder === parse(folder).root) return 'root';
  return folder === homedir() ? 'home' : undefined;
}
