// Preloaded into a program under test: writes its peak resident memory, in bytes, when it ends.
import { writeFileSync } from 'node:fs';

const file = process.env.HOLDFAST_TEST_PEAK_FILE;
if (file) process.on('exit', () => writeFileSync(file, String(process.resourceUsage().maxRSS * 1024)));
