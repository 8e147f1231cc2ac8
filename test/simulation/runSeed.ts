// Runs seeds by hand: node test/simulation/runSeed.ts SEED [COUNT]
import { simulate } from './simulate.ts';

const [seed = 1, count = 1] = process.argv.slice(2).map(Number);
for (let at = seed; at < seed + count; at++) console.log(at, await simulate(at));
