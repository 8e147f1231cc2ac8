import { messageOf } from '../../base/errors.ts';
import { simulate } from './simulate.ts';
import type { SimulationReport } from './simulate.ts';
import type { Strategies } from './simulatedServer.ts';

/** Seeds that failed once, with what it was. They run first, for ever. */
export const regressions: readonly number[] = [];

export interface SeedsReport {
  readonly acknowledged: number;
  readonly crashes: number;
  readonly gathered: number;
  readonly failures: readonly string[];
}

/** Runs seeds one after another and goes on after a failure, so that one run shows all of them. */
export async function runSeeds(seeds: Iterable<number>, strategies?: Strategies): Promise<SeedsReport> {
  const failures: string[] = [];
  const reports: SimulationReport[] = [];
  for (const seed of seeds) {
    try {
      reports.push(await simulate(seed, strategies));
    } catch (error) {
      failures.push(messageOf(error));
    }
  }
  const sum = (of: (report: SimulationReport) => number): number => reports.reduce((total, report) => total + of(report), 0);
  return { acknowledged: sum((r) => r.acknowledged), crashes: sum((r) => r.crashes), gathered: sum((r) => r.gathered), failures };
}

export function range(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}
