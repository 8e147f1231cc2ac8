// The part of JSZip that the core uses. JSZip's own declarations pull in all of Node's types, which would make
// `process` and `Buffer` exist in the core; engine/core/tsconfig.json puts this file in their place.

export interface JSZipObject {
  readonly name: string;
  readonly dir: boolean;
  async(type: 'uint8array'): Promise<Uint8Array<ArrayBuffer>>;
}

export default class JSZip {
  readonly files: { readonly [name: string]: JSZipObject };
  static loadAsync(
    data: Uint8Array,
    options?: { readonly checkCRC32?: boolean; readonly createFolders?: boolean },
  ): Promise<JSZip>;
  file(name: string): JSZipObject | null;
  file(
    name: string,
    data: Uint8Array,
    options?: {
      readonly binary?: boolean;
      readonly compression?: 'STORE';
      readonly createFolders?: boolean;
      readonly date?: Date;
      readonly unixPermissions?: number;
    },
  ): this;
  generateAsync(options: {
    readonly type: 'uint8array';
    readonly compression?: 'STORE';
    readonly platform?: 'DOS' | 'UNIX';
    readonly streamFiles?: boolean;
  }): Promise<Uint8Array<ArrayBuffer>>;
}
