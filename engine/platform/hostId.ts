import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { encodeUtf8, toHex } from '../../base/bytes.ts';
import { nodeHasher } from './nodeCrypto.ts';

const commandMsMax = 5_000;

/** Reads what a platform says of the machine; undefined when it says nothing. */
export interface HostSources {
  readonly platform: NodeJS.Platform;
  readFile(path: string): Promise<string | undefined>;
  run(command: string, args: readonly string[]): Promise<string | undefined>;
  hostname(): string;
}

/**
 * A stable id of this host, 32 hex digits, the same after all local state is deleted. The machine's own id is hashed
 * for this purpose, as systemd asks (machine-id(5)), and never leaves the machine. Falls back to the host's name.
 */
export async function hostId(sources: HostSources = nodeSources): Promise<string> {
  const own = (await machineId(sources))?.trim().toLowerCase();
  const what = own ? ['machine', own] : ['name', sources.hostname()];
  return toHex(nodeHasher.hmacSha256(encodeUtf8('holdfast host id'), encodeUtf8(JSON.stringify(what)))).slice(0, 32);
}

async function machineId({ platform, readFile: read, run }: HostSources): Promise<string | undefined> {
  if (platform === 'win32') {
    const key = 'HKLM\\SOFTWARE\\Microsoft\\Cryptography';
    const answer = await run('reg', ['query', key, '/v', 'MachineGuid', '/reg:64']);
    return answer?.match(/MachineGuid\s+REG_SZ\s+(\S+)/)?.[1];
  }
  if (platform === 'darwin') {
    return (await run('ioreg', ['-rd1', '-c', 'IOPlatformExpertDevice']))?.match(/"IOPlatformUUID" = "([^"]+)"/)?.[1];
  }
  const text = (await read('/etc/machine-id')) || (await read('/var/lib/dbus/machine-id')) || (await read('/etc/hostid'));
  // An image that is not set up yet says "uninitialized"; many machines would share it.
  return text?.match(/^[0-9a-f]{32}$/m)?.[0];
}

const nodeSources: HostSources = {
  platform: process.platform,
  async readFile(path) {
    try {
      return await readFile(path, 'utf8');
    } catch {
      return undefined; // Absent or unreadable: the next source answers.
    }
  },
  run: async (command, args) =>
    await new Promise((resolve) => {
      execFile(command, [...args], { timeout: commandMsMax, windowsHide: true }, (error, stdout) => resolve(error ? undefined : stdout));
    }),
  hostname,
};
