import { ByteReader, ByteWriter } from '../../../base/bytes.ts';
import type { ByteName } from '../../core/byteString.ts';
import { DirectoryTree } from '../../core/tree/directoryTree.ts';
import type { TreeEntry } from '../../core/tree/treeTypes.ts';
import { readDirectory, writeDirectory } from './directoryCodec.ts';
import { Marks } from './marks.ts';
import type { StatMark } from './statMark.ts';

/**
 * One directory as it was last backed up. It is either packed (its bytes in the cache file) or unpacked into a tree and
 * marks; a packed one takes a fifth of the memory.
 */
export class IndexedDirectory {
  #packed: Uint8Array | undefined;
  #unpacked: Unpacked | undefined;

  private constructor(packed: Uint8Array | undefined, unpacked: Unpacked | undefined) {
    this.#packed = packed;
    this.#unpacked = unpacked;
  }

  static ofPacked(packed: Uint8Array): IndexedDirectory {
    return new IndexedDirectory(packed, undefined);
  }

  static of(tree: DirectoryTree): IndexedDirectory {
    return new IndexedDirectory(undefined, { tree, marks: new Marks() });
  }

  get tree(): DirectoryTree {
    return this.#open().tree;
  }

  get(name: ByteName): TreeEntry | undefined {
    return this.#open().tree.get(name);
  }

  mark(name: ByteName): StatMark | undefined {
    return this.#open().marks.get(name);
  }

  setTree(tree: DirectoryTree): void {
    const { marks } = this.#open();
    this.#unpacked = { tree, marks };
    this.#packed = undefined;
  }

  setMark(name: ByteName, mark: StatMark | undefined): void {
    this.#open().marks.set(name, mark);
    this.#packed = undefined;
  }

  forgetMarks(): void {
    this.#unpacked = { tree: this.tree, marks: new Marks() };
    this.#packed = undefined;
  }

  /** Its bytes; a view that stays valid. */
  packed(): Uint8Array {
    if (this.#packed === undefined) {
      const { tree, marks } = this.#unpacked!;
      const writer = new ByteWriter();
      writeDirectory(writer, { top: tree.top, marks });
      this.#packed = writer.written().slice();
    }
    return this.#packed;
  }

  /** Lets go of the unpacked form. */
  pack(): void {
    this.packed();
    this.#unpacked = undefined;
  }

  #open(): Unpacked {
    if (this.#unpacked === undefined) {
      const packed = this.#packed!;
      const reader = new ByteReader(packed, 'directory of the index');
      const places = new Map<ByteName, number>();
      const tree = DirectoryTree.of(readDirectory(reader, places));
      reader.finish();
      this.#unpacked = { tree, marks: new Marks(packed, places) };
    }
    return this.#unpacked;
  }
}

interface Unpacked {
  readonly tree: DirectoryTree;
  readonly marks: Marks;
}
