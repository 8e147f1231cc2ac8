import type { Node } from 'oxc-parser';

/** Visits a syntax tree from the top, each node with the one above it. */
export function walk(node: Node, visit: (node: Node, parent: Node | undefined) => void, parent?: Node): void {
  visit(node, parent);
  for (const value of Object.values(node) as unknown[]) {
    for (const child of Array.isArray(value) ? (value as unknown[]) : [value]) if (isNode(child)) walk(child, visit, node);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string' && 'start' in value;
}

/** Whether it is `object.property`, written with a dot or with a string in brackets. */
export function isMember(node: Node, object: string, property: string): boolean {
  return node.type === 'MemberExpression' && isName(node.object, object) && propertyOf(node) === property;
}

/** The name after the dot or in the brackets, when it is a constant. */
export function propertyOf(node: Node): string | undefined {
  if (node.type !== 'MemberExpression') return undefined;
  if (!node.computed && node.property.type === 'Identifier') return node.property.name;
  return node.property.type === 'Literal' && typeof node.property.value === 'string' ? node.property.value : undefined;
}

export function isName(node: Node | null | undefined, name: string): boolean {
  return node?.type === 'Identifier' && node.name === name;
}
