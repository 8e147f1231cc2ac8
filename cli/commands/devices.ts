import { parseDeviceId } from '../../protocol/ids.ts';
import type { DeviceMessage } from '../../protocol/messages/account.ts';
import { BackupError } from '../../base/errors.ts';
import { UsageError } from '../arguments.ts';
import type { Call, Command, Outcome } from '../command.ts';
import { formatTable } from '../output/table.ts';
import { formatTime } from '../output/units.ts';
import { withServer, type Server } from '../session/server.ts';

export const devices: Command = {
  name: 'devices',
  summary: 'Lists the devices of the account, or revokes one',
  operands: [
    { name: 'revoke', required: false, help: 'Makes the token of the device ID worthless' },
    { name: 'ID', required: false, help: 'A device, by its id or the start of it' },
  ],
  flags: {},
  run: runDevices,
};

async function runDevices(call: Call): Promise<Outcome> {
  const [action, id] = call.arguments.operands;
  if (action === undefined) return await withServer(call, async (server) => await list(server, call));
  if (action !== 'revoke') throw new UsageError(`“${action}” is nothing that devices can do: only revoke is.`);
  if (id === undefined) throw new UsageError('ID is missing.');
  return await withServer(call, async (server) => await revoke(server, { id, call }));
}

async function list({ account }: Server, { signal }: Call): Promise<Outcome> {
  const found = await account.devices({ signal });
  return { document: { devices: found.map((each) => ({ ...each })) }, text: tableOf(found) };
}

async function revoke({ account }: Server, { id, call }: { readonly id: string; readonly call: Call }): Promise<Outcome> {
  const { signal } = call;
  const found = (await account.devices({ signal })).filter((each) => each.id.startsWith(id.toLowerCase()));
  const [device] = found;
  if (device === undefined) throw new BackupError('not-found', `There is no device ${id}.`);
  if (found.length > 1) throw new BackupError('invalid', `More than one device starts with ${id}: give more of its id.`);
  await account.revoke(parseDeviceId(device.id), { signal });
  return {
    document: { revoked: device.id, name: device.name },
    text: `${device.name} can no longer reach the account. What it backed up stays.`,
  };
}

function tableOf(found: readonly DeviceMessage[]): string {
  const rows = found.map(({ id, name, createdAt, lastSeenAt, revoked, current }) => [
    id,
    name,
    formatTime(createdAt),
    lastSeenAt === null ? 'never' : formatTime(lastSeenAt),
    [current ? 'this device' : '', revoked ? 'revoked' : ''].filter((word) => word !== '').join(', '),
  ]);
  return formatTable([['ID', 'NAME', 'SIGNED IN', 'LAST SEEN', ''], ...rows]);
}
