import { displayName } from '../../engine/core/byteString.ts';
import { verifySnapshot, type VerifyReport } from '../../engine/run/verify/verifySnapshot.ts';
import type { SnapshotId } from '../../protocol/ids.ts';
import type { Call, Command, Outcome } from '../command.ts';
import { exitCodes } from '../exitCodes.ts';
import { pathFields } from '../output/entries.ts';
import { shortId } from '../output/ids.ts';
import { formatBytes, formatCount } from '../output/units.ts';
import { withServer, type Server } from '../session/server.ts';
import { openSnapshot } from '../workspace/openSnapshot.ts';

const linesMax = 50;

export const verify: Command = {
  name: 'verify',
  summary: 'Checks that a snapshot could be restored, whole',
  operands: [{ name: 'SNAPSHOT', required: false, help: 'An id, the start of one, or latest (the default)' }],
  flags: { 'read-data': { kind: 'switch', help: 'Fetch every byte and check it; else the server is asked whether it has it' } },
  run: async (call) => await withServer(call, async (server) => await runVerify(call, server)),
};

async function runVerify(call: Call, server: Server): Promise<Outcome> {
  const { snapshot, context } = await openSnapshot(server, { call, typed: call.arguments.operand(0) ?? 'latest' });
  const { repository } = server;
  const readData = call.arguments.has('read-data');
  const report = await verifySnapshot({
    repository,
    context,
    root: snapshot.header.root,
    readData,
    signal: call.signal,
    onProgress: call.output.progress.bind(call.output),
  });
  const { problems, ...counts } = report;
  return {
    document: {
      snapshot: snapshot.id,
      ok: problems.length === 0,
      readData,
      ...counts,
      problems: problems.map(({ path, kind, message }) => ({ ...pathFields(path), kind, message })),
    },
    text: textOf(report, { snapshot: snapshot.id, readData }),
    exitCode: problems.length === 0 ? exitCodes.done : exitCodes.failed,
  };
}

function textOf(report: VerifyReport, { snapshot, readData }: { readonly snapshot: SnapshotId; readonly readData: boolean }): string {
  const { files, directories, symlinks, bytes, problems } = report;
  const what = [formatCount(files, 'file'), formatCount(directories, 'folder'), formatCount(symlinks, 'link')].join(', ');
  if (problems.length === 0) {
    const how = readData ? `${formatBytes(bytes)} were fetched and checked` : 'the server has all of it (--read-data fetches and checks every byte)';
    return `${shortId(snapshot)} is whole: ${what}; ${how}.`;
  }
  const lines = problems.slice(0, linesMax).map(({ path, message }) => `  ${displayName(path) || '.'}: ${message}`);
  return [
    `${shortId(snapshot)} is not whole: ${formatCount(problems.length, 'problem')} in ${what}.`,
    ...lines,
    'What is still in the folder is sent again by push --force.',
  ].join('\n');
}
