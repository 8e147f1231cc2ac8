import type { Call, Command, Outcome } from '../command.ts';
import { formatTable } from '../output/table.ts';
import { withServer, type Server } from '../session/server.ts';

export const whoami: Command = {
  name: 'whoami',
  summary: 'Shows who is signed in where, as the server sees it',
  operands: [],
  flags: {},
  run: async (call) => await withServer(call, async (server) => await runWhoami(call, server)),
};

async function runWhoami(call: Call, { session, account }: Server): Promise<Outcome> {
  const { signal } = call;
  const seen = await account.whoami({ signal });
  const { instance } = await account.health({ signal });
  const fingerprint = session.trust.kind === 'pinned' ? session.trust.fingerprint : null;
  const document = {
    url: session.url,
    user: seen.account.name,
    account: seen.account.id,
    device: seen.device.id,
    deviceName: seen.device.name,
    instance,
    fingerprint,
    home: call.surroundings.home,
  };
  const rows = [
    ['Account', `${seen.account.name} (${seen.account.id})`],
    ['Server', `${session.url} (instance ${instance})`],
    ['Device', `${seen.device.name} (${seen.device.id})`],
    ['Certificate', fingerprint === null ? 'vouched for by an authority' : `SHA-256 ${fingerprint}`],
    ['State', call.surroundings.home],
  ];
  return { document, text: formatTable(rows) };
}
