import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { ObjectId } from '../../protocol/ids.ts';
import type { ClosureView } from './closure.ts';
import { findsMax, missingAnsweredMax, walkClosure, walkToEnd, walkTurn } from './closure.ts';

class Graph {
  readonly closed = new Set<ObjectId>();
  readonly found: ObjectId[] = [];
  readonly lists: Map<string, readonly ObjectId[]>;

  /** Names in lower case are chunks; the rest are trees with the child lists given. */
  constructor(lists: Readonly<Record<string, readonly string[]>>, chunks: readonly string[]) {
    this.lists = new Map(Object.entries(lists) as [string, readonly ObjectId[]][]);
    for (const chunk of chunks) this.closed.add(chunk as ObjectId);
  }

  walk(root: string): readonly string[] {
    return walkToEnd(root as ObjectId, this.view()).toSorted();
  }

  view(): ClosureView {
    return {
      find: (id) => {
        this.found.push(id);
        return this.closed.has(id) || this.lists.has(id) ? { closed: this.closed.has(id) } : undefined;
      },
      children: (id) => ({ ids: this.lists.get(id) ?? [], by: 'own', whole: true }),
      close: (id) => void this.closed.add(id),
    };
  }
}

describe('walkClosure', () => {
  test('closes a tree after everything beneath it', () => {
    const graph = new Graph({ R: ['A', 'x'], A: ['B', 'y'], B: [] }, ['x', 'y']);
    assert.deepEqual(graph.walk('R'), []);
    assert.deepEqual([...graph.closed], ['x', 'y', 'B', 'A', 'R']);
  });

  test('stops at closed trees', () => {
    const graph = new Graph({ R: ['A', 'B'], B: [] }, ['A']);
    assert.deepEqual(graph.walk('R'), []);
    assert.deepEqual(graph.found, ['R', 'A', 'B']);
  });

  test('names everything missing and closes only what is complete', () => {
    const graph = new Graph({ R: ['A', 'B', 'gone'], A: ['x'], B: ['lost'] }, ['x']);
    assert.deepEqual(graph.walk('R'), ['gone', 'lost']);
    assert.deepEqual([...graph.closed], ['x', 'A']);
  });

  test('a tree that several parents share is walked once, and makes all of them incomplete', () => {
    const graph = new Graph({ R: ['A', 'B'], A: ['S'], B: ['S'], S: ['gone'] }, []);
    assert.deepEqual(graph.walk('R'), ['gone']);
    assert.deepEqual([...graph.closed], []);
    assert.equal(graph.found.filter((id) => (id as string) === 'S').length, 1);
  });

  test('names a missing root', () => {
    assert.deepEqual(new Graph({}, []).walk('R'), ['R']);
  });

  test('takes a tree whose child lists lead back to it for missing, and closes nothing above it', () => {
    const graph = new Graph({ R: ['A', 'C'], A: ['B'], B: ['A'], C: ['x'] }, ['x']);
    assert.deepEqual(graph.walk('R'), ['A']);
    assert.deepEqual([...graph.closed], ['x', 'C']);
    assert.deepEqual(new Graph({ R: ['R'] }, []).walk('R'), ['R']);
  });

  test('goes on once the true child list is there', () => {
    const graph = new Graph({ R: ['A'], A: ['B'], B: ['A'] }, ['x']);
    graph.lists.set('B', ['x'] as readonly string[] as readonly ObjectId[]);
    assert.deepEqual(graph.walk('R'), []);
  });

  test('bounds the work of a walk that cannot succeed, and gets further with every one', () => {
    // Every tree lacks the same one thing: the list of what is missing never gets long.
    const leaves = Array.from({ length: 100 }, (_, i) => `L${i}`);
    const chunks = Array.from({ length: 4_000 }, (_, i) => `c${i}`);
    const lists = Object.fromEntries(leaves.map((leaf) => [leaf, ['gone', ...chunks]]));
    const graph = new Graph({ R: ['W', ...leaves], W: chunks, ...lists }, chunks);
    assert.deepEqual(graph.walk('R'), ['gone']);
    assert.ok(graph.found.length <= findsMax, `${graph.found.length} finds`);
    assert.ok(graph.closed.has('W' as ObjectId));
    graph.closed.add('gone' as ObjectId);
    assert.deepEqual(graph.walk('R'), []);
  });

  test('bounds what it names', () => {
    const gone = Array.from({ length: missingAnsweredMax + 10 }, (_, i) => `gone${i}`);
    assert.equal(new Graph({ R: gone }, []).walk('R').length, missingAnsweredMax);
  });

  test('walks a chain deeper than any call stack', () => {
    const lists = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`T${i}`, [`T${i + 1}`]]));
    assert.deepEqual(new Graph({ ...lists, T100000: [] }, []).walk('T0'), []);
  });

  test('pauses when it took long, and goes on from there', () => {
    const lists = Object.fromEntries(Array.from({ length: 200 }, (_, d) => [`D${d}`, Array.from({ length: 500 }, (__, i) => `c${d}-${i}`)]));
    const graph = new Graph({ R: Object.keys(lists), ...lists }, Object.values(lists).flat());
    let turns = 0;
    for (let before = 0; ; before = graph.found.length) {
      turns += 1;
      const answer = walkClosure('R' as ObjectId, graph.view());
      assert.ok(graph.found.length - before < 20_000, 'a turn is bounded');
      if (answer !== 'unfinished') break;
    }
    assert.ok(turns >= 5, `${turns} turns`);
    assert.ok(graph.closed.has('R' as ObjectId));
    assert.ok(graph.found.length < 106_000, 'little is looked for twice');
  });

  test('closes something in every turn, however short', () => {
    const graph = new Graph({ R: ['A', 'B'], A: ['C', 'D'], B: ['D', 'x'], C: ['x', 'y'], D: [] }, ['x', 'y']);
    let turns = 1;
    while (walkTurn('R' as ObjectId, graph.view(), 1) === 'unfinished') turns += 1;
    assert.ok(turns <= 5 && graph.closed.has('R' as ObjectId));
  });

  test('agrees with a plain search on random graphs, whatever was closed before', () => {
    const graphs = fc.array(fc.array(fc.nat(40), { maxLength: 5 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(graphs, fc.nat(29), (children, from) => {
        // Children have larger numbers: no circles. Numbers beyond the array are chunks; those over 35 are missing.
        const lists = children.map((some, i) => some.map((n) => n + i + 1));
        const name = (n: number): string => (n < lists.length ? `T${n}` : `c${n}`);
        const record = Object.fromEntries(lists.map((some, i) => [`T${i}`, some.map(name)]));
        const chunks = Array.from({ length: 80 }, (_, n) => n).filter((n) => n >= lists.length && n <= 35);
        const graph = new Graph(record, chunks.map(name));
        graph.walk(name(from % lists.length));
        const wanted = new Set<string>();
        const visit = (n: number): void => {
          if (n < lists.length) lists[n]!.forEach(visit);
          else if (n > 35) wanted.add(name(n));
        };
        visit(0);
        assert.deepEqual(graph.walk('T0'), [...wanted].toSorted());
        assert.equal(graph.closed.has('T0' as ObjectId), wanted.size === 0);
      }),
    );
  });
});
