import type { MetadataStore, WriteName, WriteRequest, WriteRequestOf } from './metadata.ts';
import type { MetadataWrites } from './metadataWrites.ts';

/** Requests decided in one transaction, and about how many bytes of them. */
const batchRequestsMax = 256;
const batchBytesMax = 32 * 1024 * 1024;

interface Waiting {
  readonly request: WriteRequest;
  readonly bytes: number;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Hands requests to the store: whatever arrives while a batch is under way shares the next one and its flush. */
export class GroupWriter {
  readonly #store: MetadataStore;
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;

  constructor(store: MetadataStore) {
    this.#store = store;
  }

  /** Resolves once the request is decided and durable; rejects when it was refused. `bytes` is about what it carries. */
  write<Name extends WriteName>(
    name: Name,
    request: WriteRequestOf<Name>['request'],
    { bytes = 0 }: { readonly bytes?: number } = {},
  ): Promise<ReturnType<MetadataWrites[Name]>> {
    const answer = new Promise<unknown>((resolve, reject) => {
      this.#waiting.push({ request: { name, request } as WriteRequest, bytes, resolve, reject });
    });
    this.#running ??= this.#run();
    return answer as Promise<ReturnType<MetadataWrites[Name]>>;
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #run(): Promise<void> {
    // What is asked in the same turn shares the first batch too.
    await Promise.resolve();
    while (this.#waiting.length > 0) await this.#runBatch(this.#takeBatch());
    this.#running = undefined;
  }

  #takeBatch(): readonly Waiting[] {
    let bytes = 0;
    let count = 0;
    while (count < this.#waiting.length && count < batchRequestsMax && (count === 0 || bytes < batchBytesMax)) {
      bytes += this.#waiting[count]!.bytes;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  async #runBatch(batch: readonly Waiting[]): Promise<void> {
    try {
      const outcomes = await this.#store.commitBatch(batch.map(({ request }) => request));
      batch.forEach(({ resolve, reject }, i) => {
        const outcome = outcomes[i]!;
        if (outcome.kind === 'done') resolve(outcome.value);
        else reject(outcome.error);
      });
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}
