import { displayName } from '../byteString.ts';

/** Whether a path is backed up, and the rule that says so; without a rule it is kept because nothing speaks against it. */
export type Decision =
  | { readonly kept: true; readonly rule: Rule | undefined }
  | { readonly kept: false; readonly rule: Rule };

export type Rule =
  /** A line of a rule file. `source` is its path as a byte string, `line` counts from 1, `pattern` are its bytes. */
  | { readonly kind: 'file'; readonly source: string; readonly line: number; readonly pattern: string }
  | { readonly kind: 'settings'; readonly pattern: string }
  | { readonly kind: 'default'; readonly reason: string }
  | { readonly kind: 'size'; readonly bytesMax: number }
  /** The person asked for it (`--git`, or what a restore is about to write). */
  | { readonly kind: 'asked' };

export const keptByNothing: Decision = { kept: true, rule: undefined };

/** One sentence part for people: "left out by `.gitignore:12` (`*.log`)". */
export function decisionText(decision: Decision): string {
  if (decision.kept && decision.rule === undefined) return 'backed up';
  return `${decision.kept ? 'backed up' : 'left out'} ${ruleText(decision.rule!)}`;
}

function ruleText(rule: Rule): string {
  switch (rule.kind) {
    case 'file':
      return `by \`${displayName(rule.source)}:${rule.line}\` (\`${displayName(rule.pattern)}\`)`;
    case 'settings':
      return `by the settings (\`${displayName(rule.pattern)}\`)`;
    case 'default':
      return `by default: ${rule.reason}`;
    case 'size':
      return `because it is larger than the maximum file size of ${rule.bytesMax} bytes`;
    case 'asked':
      return 'because it was asked for';
    default:
      return rule satisfies never;
  }
}
