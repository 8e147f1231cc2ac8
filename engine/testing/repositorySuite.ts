import { describe, test } from 'node:test';
import type { Primitives } from '../ports/primitives.ts';
import { commitCases } from './repository/commitCases.ts';
import { isolationCases } from './repository/isolationCases.ts';
import { objectCases } from './repository/objectCases.ts';
import { queryCases } from './repository/queryCases.ts';
import { workspaceCases } from './repository/workspaceCases.ts';
import { SuiteWorld } from './repository/suiteWorld.ts';
import type { SuiteStore } from './repository/suiteWorld.ts';

export type { SuiteDevice, SuiteStore } from './repository/suiteWorld.ts';

export type RepositoryCase = (world: SuiteWorld) => Promise<void>;
export type RepositoryCases = Readonly<Record<string, RepositoryCase>>;

/**
 * What every Repository promises. Each implementation runs all of it: memory, the server's core, HTTP over a live
 * server. `open` makes an empty store with two accounts for one test and is asked again for the next; `close` of
 * what it answered is always called.
 */
export function repositorySuite(name: string, open: () => Promise<SuiteStore>, primitives: Primitives): void {
  describe(`${name} as a Repository`, () => {
    const all = { ...workspaceCases, ...objectCases, ...commitCases, ...queryCases, ...isolationCases };
    for (const [title, run] of Object.entries(all)) {
      test(title, async () => {
        const store = await open();
        try {
          await run(new SuiteWorld(store, primitives));
        } finally {
          await store.close();
        }
      });
    }
  });
}
