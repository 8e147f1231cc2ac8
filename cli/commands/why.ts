import { byteStringOfText, displayName } from '../../engine/core/byteString.ts';
import { decisionText, type Decision } from '../../engine/core/ignore/decision.ts';
import { FolderRules } from '../../engine/run/scan/folderRules.ts';
import { explainPath } from '../../engine/run/scan/inspectPath.ts';
import type { Call, Command, JsonDocument, Outcome } from '../command.ts';
import { pathFields } from '../output/entries.ts';
import { readRules, ruleFlags } from '../session/settings.ts';
import { withServer, type Server } from '../session/server.ts';
import { findPlace } from '../workspace/findPlace.ts';
import { typedPhysicalPath } from '../workspace/physicalPath.ts';

export const why: Command = {
  name: 'why',
  summary: 'Says whether a path is backed up, and if not, which rule says so',
  operands: [{ name: 'PATH', required: true, help: 'A file or folder on this machine; it need not exist' }],
  flags: ruleFlags,
  run: async (call) => await withServer(call, async (server) => await runWhy(call, server)),
};

async function runWhy(call: Call, server: Server): Promise<Outcome> {
  const typed = call.arguments.operand(0)!;
  const place = await findPlace(server, { call, physical: await typedPhysicalPath(typed) });
  if (place === undefined) return notBackedUp(typed);
  const { folder, path } = place;
  const options = await readRules(call);
  const { files } = call.surroundings;
  const context = { files, root: folder, rules: new FolderRules({ files, root: folder, options }) };
  const { at, decision, exists } = await explainPath(context, path, { signal: call.signal });
  const because = at === path ? '' : `, which is about ${displayName(at)} and all under it`;
  const missing = exists ? '' : ' It does not exist now.';
  return {
    document: {
      ...pathFields(path),
      folder: displayName(folder),
      workspace: place.workspace,
      kept: decision.kept,
      exists,
      at: displayName(at),
      rule: ruleDocument(decision),
      explanation: decisionText(decision),
    },
    text: `${displayName(path) || displayName(folder)}: ${decisionText(decision)}${because}.${missing}`,
  };
}

function notBackedUp(typed: string): Outcome {
  const path = displayName(byteStringOfText(typed));
  const explanation = 'in no folder that is backed up from this machine';
  return {
    document: { path, folder: null, workspace: null, kept: false, rule: null, explanation },
    text: `${path}: ${explanation}. npx --no holdfast push DIR begins it.`,
  };
}

function ruleDocument({ rule }: Decision): JsonDocument | null {
  if (rule === undefined) return null;
  if (rule.kind === 'file') {
    return { kind: rule.kind, source: displayName(rule.source), line: rule.line, pattern: displayName(rule.pattern) };
  }
  return { ...rule };
}
