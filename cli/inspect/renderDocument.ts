import type { JsonDocument, JsonValue } from '../command.ts';
import { formatTable } from '../output/table.ts';

/** A JSON document as text for people: `name: value` lines, inner ones indented, lists of records as tables. */
export function renderDocument(document: JsonDocument): string {
  return linesOf(document).join('\n');
}

function linesOf(document: JsonDocument): readonly string[] {
  return Object.entries(document).flatMap(([name, value]) => fieldLines(name, value));
}

function fieldLines(name: string, value: JsonValue): readonly string[] {
  if (value === undefined) return [];
  if (isList(value)) return value.length === 0 ? [`${name}: none`] : [`${name}:`, ...indent(listLines(value))];
  if (isDocument(value)) return [`${name}:`, ...indent(linesOf(value))];
  return [`${name}: ${plain(value)}`];
}

function listLines(values: readonly JsonValue[]): readonly string[] {
  const records = values.filter(isDocument);
  if (records.length < values.length) return values.map((value) => (isDocument(value) || isList(value) ? JSON.stringify(value) : plain(value)));
  if (records.some((record) => Object.values(record).some((value) => isDocument(value) || isList(value)))) {
    return records.flatMap((record) => linesOf(record).map((line, at) => (at === 0 ? `- ${line}` : `  ${line}`)));
  }
  const names = [...new Set(records.flatMap((record) => Object.keys(record)))];
  const rows = records.map((record) => names.map((name) => plain(record[name])));
  return formatTable([names, ...rows]).split('\n');
}

function plain(value: JsonValue): string {
  if (value === null || value === undefined) return '-';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function indent(lines: readonly string[]): readonly string[] {
  return lines.map((line) => `  ${line}`);
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function isDocument(value: JsonValue): value is JsonDocument {
  return typeof value === 'object' && value !== null && !isList(value);
}
