import { byteStringOfText } from '../core/byteString.ts';
import { directory, file, type NodeSpec, symlink, type TreeSpec } from './treeBuilder.ts';

export interface NastyOptions {
  /** Names that are no UTF-8; some file systems refuse them. Default: as this platform is. */
  readonly rawNames?: boolean;
  /** Size of the sparse file. */
  readonly sparseBytes?: number;
}

const long = 'n'.repeat(255);
const composed = byteStringOfText('caf\u00e9');
const decomposed = byteStringOfText('cafe\u0301');

/** Everything about a folder that a careless backup gets wrong; depth comes from `buildDeep`. */
export function nastyTree({ rawNames = process.platform === 'linux', sparseBytes = 3 * 1024 * 1024 }: NastyOptions = {}): TreeSpec {
  return {
    ...oddNames(),
    ...(rawNames ? rawNamed() : {}),
    ...links(),
    'empty file': file(),
    'empty folder': directory(),
    'all modes': directory({ set: file('x', { mode: 0o4755 }), secret: file('x', { mode: 0o600 }), readonly: file('x', { mode: 0o444 }) }),
    'closed folder': directory({ inside: file('x') }, { mode: 0o555 }),
    times: directory({
      ancient: file('x', { mtimeNs: -1_500_000_000n }),
      epoch: file('x', { mtimeNs: 0n }),
      fraction: file('x', { mtimeNs: 1_700_000_000_123_456_789n }),
      future: file('x', { mtimeNs: 4_102_444_800_000_000_001n }),
    }),
    sparse: { kind: 'sparse', size: sparseBytes },
    binary: file(Uint8Array.from({ length: 70_000 }, (_, i) => (i * i) & 0xff)),
    socket: { kind: 'socket' },
    pipe: { kind: 'fifo' },
    'first name': file('linked twice'),
    'second name': { kind: 'hard-link', to: 'first name' },
    '.env': file('SECRET=1\n', { mode: 0o600 }),
  };
}

function oddNames(): Record<string, NodeSpec> {
  const names = ['new\nline', 'quote"\'`', ' leading and trailing ', '-rf', 'back\\slash', '*?[x]', '$(touch x)', '%s%n', 'a\tb', '...', '~', '#', '!', 'CON', 'aux.txt', 'trailing.', '\u0001\u007f', '__proto__'];
  const nodes: Record<string, NodeSpec> = Object.create(null) as Record<string, NodeSpec>;
  for (const name of names) nodes[name] = file(`content of ${name}`);
  nodes[composed] = file('composed');
  nodes[decomposed] = file('decomposed');
  nodes[byteStringOfText('\u{1f600} \u202e \u00a0')] = file('emoji');
  nodes[long] = directory({ [long]: file('long') });
  nodes['Case'] = file('upper');
  nodes['case'] = file('lower');
  return nodes;
}

function rawNamed(): Record<string, NodeSpec> {
  return {
    '\u00ff\u00fe': file('no UTF-8'),
    '\u00c3': directory({ '\u0080': file('half a letter'), link: symlink('\u00ff') }),
    '\u00ed\u00a0\u0080': file('a lone surrogate'),
  };
}

function links(): Record<string, NodeSpec> {
  return {
    'to file': symlink('first name'),
    'to folder': symlink('all modes'),
    'to nothing': symlink('not there'),
    'to itself': symlink('to itself'),
    'to outside': symlink('../../../../etc/passwd'),
    absolute: symlink('/'),
    loop: directory({ up: symlink('..') }),
    'long target': symlink('t/'.repeat(500)),
  };
}
