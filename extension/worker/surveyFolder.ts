import { joinPath, rootPath, type BytePath } from '../../engine/core/byteString.ts';
import type { Rule } from '../../engine/core/ignore/decision.ts';
import { displayName } from '../../engine/core/byteString.ts';
import { listDirectory } from '../../engine/run/scan/listDirectory.ts';
import type { ScanContext } from '../../engine/run/scan/scanTypes.ts';
import type { Survey } from '../messages/engineCalls.ts';

/** Counting ends here: more than anybody is asked about in numbers. */
const filesMax = 1_000_000;
const reasonsMax = 5;

/** What a backup of the folder would hold, counted without reading a file. */
export async function surveyFolder(context: ScanContext, { signal }: { readonly signal: AbortSignal }): Promise<Survey> {
  let [files, bytes, leftOut] = [0, 0, 0];
  const reasons = new Map<string, number>();
  const pending: BytePath[] = [rootPath];
  for (let at = pending.pop(); at !== undefined && files < filesMax; at = pending.pop()) {
    const listed = await listDirectory(context, at, { signal, explain: true });
    if (listed.kind !== 'listed') continue;
    leftOut += listed.leftOut;
    for (const { decision } of listed.decisions) {
      const reason = decision.rule === undefined ? '' : reasonOf(decision.rule);
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    }
    for (const { name, stat } of listed.entries) {
      if (stat.kind === 'directory') pending.push(joinPath(at, name));
      else files += 1;
      if (stat.kind === 'file') bytes += stat.size;
    }
  }
  const sorted = Array.from(reasons, ([reason, count]) => ({ reason, count })).sort((a, b) => b.count - a.count);
  return { files, bytes, leftOut, reasons: sorted.slice(0, reasonsMax), more: pending.length > 0 };
}

function reasonOf(rule: Rule): string {
  switch (rule.kind) {
    case 'file':
      return `${displayName(rule.source)}:${rule.line}  ${displayName(rule.pattern)}`;
    case 'settings':
      return `the setting holdfast.exclude  ${displayName(rule.pattern)}`;
    case 'default':
      return `by default: ${rule.reason}`;
    case 'size':
      return 'larger than the maximum file size';
    case 'asked':
      return 'asked for';
    default:
      return rule satisfies never;
  }
}
