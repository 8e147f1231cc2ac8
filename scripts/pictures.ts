import { build } from './build.ts';
import { packExtension } from './package.ts';
import { runTool } from './runTool.ts';

/** Makes the pictures of README.md anew, in docs/pictures/, from the real product in a real editor. */
export async function makePictures(): Promise<number> {
  return (await build()) || (await packExtension()) || (await runTool({ args: ['test/vscode/readmePictures.ts'] }));
}

if (import.meta.main) process.exitCode = await makePictures();
