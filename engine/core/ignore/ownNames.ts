/** Staged siblings of a running restore or sync: the new file, or the old one set aside. Every scan leaves them out. */
const ownName = /^\.holdfast-[0-9a-f]{16}\.(?:tmp|aside)$/;

/** The name of a sibling that belongs to `token`, 16 hex digits. */
export function ownSiblingName(token: string, kind: 'tmp' | 'aside'): string {
  return `.holdfast-${token}.${kind}`;
}

/** Whether a name is that of a staged sibling. */
export function isOwnSiblingName(name: string): boolean {
  return ownName.test(name);
}
