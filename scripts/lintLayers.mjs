// The layer table as a lint rule, so that editors underline a forbidden import while it is typed.
import { relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { importFault } from './layers.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

export default {
  meta: { name: 'holdfast' },
  rules: {
    layers: {
      /** @param {{ filename: string, report(about: { node: object, message: string }): void }} context */
      create(context) {
        const file = relative(root, context.filename).replaceAll(sep, '/');
        /** @param {{ source?: { value?: unknown } | null, importKind?: string, exportKind?: string }} node */
        const visit = (node) => {
          if (typeof node.source?.value !== 'string') return;
          const typeOnly = (node.importKind ?? node.exportKind) === 'type';
          const message = importFault({ file, specifier: node.source.value, typeOnly });
          if (message) context.report({ node: node.source, message });
        };
        return {
          ImportDeclaration: visit,
          ExportNamedDeclaration: visit,
          ExportAllDeclaration: visit,
          ImportExpression: visit,
        };
      },
    },
  },
};
