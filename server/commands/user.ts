import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { BackupError } from '../../base/errors.ts';
import { formatConnectionLine } from '../../protocol/connectionLine.ts';
import { passwordBytesMax } from '../../protocol/limits.ts';
import { parseAccountName, parseNewPassword } from '../../protocol/messages/names.ts';
import { hashPassword } from '../auth/password.ts';
import type { AccountInfo, AccountStore, StoredAccount } from '../core/accountStore.ts';
import { connectable, formatAddress, listenAddressDefault, parseListenAddress } from '../listenAddress.ts';
import { openAccountStore } from '../openServerCore.ts';
import { readServedAt } from '../servedAt.ts';
import { selfMadeCertificate } from '../tls/certificate.ts';
import { argument, exitCodes, needed, UsageError, type Command, type CommandContext } from './commandTypes.ts';
import { parseCommandArgs } from './parseCommandArgs.ts';

const options = {
  data: { type: 'string' },
  'password-stdin': { type: 'boolean' },
  json: { type: 'boolean' },
} as const;

export const user: Command = {
  usage: `holdfast-server user add NAME --password-stdin --data DIR
holdfast-server user passwd NAME --password-stdin --data DIR
holdfast-server user disable NAME --data DIR
holdfast-server user enable NAME --data DIR
holdfast-server user list --data DIR [--json]

Accounts of the data folder, whether the server runs or not.

  add       makes an account and prints the line with which \`holdfast login\` finds this server and knows it
  passwd    sets another password; devices that are signed in stay signed in
  disable   refuses sign-in and all devices of the account at once; its data stays
  enable    takes that back
  list      names, and how much each has stored

  --password-stdin   read the password from standard input: its first line
  --json             one document`,

  async run(args, context) {
    const { values, positionals } = parseCommandArgs(args, { options, positionalsMax: 2 });
    const [action, name] = positionals;
    const dataDirectory = resolve(needed(values.data, '--data'));
    const call: UserCall = { ...context, dataDirectory, name, passwordGiven: values['password-stdin'] === true, json: values.json === true };
    const act = Object.hasOwn(actions, action ?? '') ? actions[action as keyof typeof actions] : undefined;
    if (act === undefined) throw new UsageError('add, passwd, disable, enable or list was expected.');
    const { primitives, clock, log } = context;
    const accounts = await openAccountStore({ dataDirectory, primitives, clock, log });
    try {
      await act(accounts, call);
    } finally {
      await accounts.close();
    }
    return exitCodes.done;
  },
};

interface UserCall extends CommandContext {
  readonly dataDirectory: string;
  readonly name: string | undefined;
  readonly passwordGiven: boolean;
  readonly json: boolean;
}

const actions = {
  async add(accounts: AccountStore, call: UserCall): Promise<void> {
    const name = nameOf(call);
    const passwordHash = await hashOfInput(call);
    await accounts.create({ name, passwordHash });
    const line = await connectionLine(name, call);
    call.print(call.json ? JSON.stringify({ name, login: line }) : line);
  },

  async passwd(accounts: AccountStore, call: UserCall): Promise<void> {
    const { id } = await find(accounts, call);
    await accounts.setPasswordHash(id, await hashOfInput(call));
  },

  async disable(accounts: AccountStore, call: UserCall): Promise<void> {
    await accounts.setDisabled((await find(accounts, call)).id, true);
  },

  async enable(accounts: AccountStore, call: UserCall): Promise<void> {
    await accounts.setDisabled((await find(accounts, call)).id, false);
  },

  async list(accounts: AccountStore, { json, name, print }: UserCall): Promise<void> {
    if (name !== undefined) throw new UsageError(`Unexpected argument ${name}.`);
    const all = await accounts.list();
    if (json) return print(JSON.stringify(all.map(listed)));
    for (const account of all) print(`${account.name}${account.disabled ? '  (disabled)' : ''}  ${account.usedBytes} bytes`);
  },
};

function listed({ id, name, createdAt, disabled, quotaBytes, usedBytes }: AccountInfo): object {
  return { id, name, createdAt, disabled, quotaBytes: quotaBytes ?? null, usedBytes };
}

function nameOf({ name }: UserCall): string {
  return argument(() => parseAccountName(needed(name, 'NAME'), 'NAME'));
}

async function find(accounts: AccountStore, call: UserCall): Promise<StoredAccount> {
  const name = nameOf(call);
  const account = await accounts.findByName(name);
  if (account === undefined) throw new BackupError('not-found', `There is no user ${name}.`);
  return account;
}

/** A line end belongs to the terminal or the file, not to the password. */
async function hashOfInput({ passwordGiven, readInput, primitives }: UserCall): Promise<string> {
  if (!passwordGiven) throw new UsageError('--password-stdin is missing: a password on the command line could be read by others.');
  const input = await readInput(passwordBytesMax + 2);
  const password = argument(() => parseNewPassword(input.split(/\r?\n/, 1)[0], 'The password'));
  return await hashPassword(password, primitives.random);
}

/** Of where the server last served; before its first start, of where it will by default. */
async function connectionLine(name: string, { dataDirectory, clock }: UserCall): Promise<string> {
  const servedAt = await readServedAt(dataDirectory);
  if (servedAt?.fingerprint === null) return `http://${servedAt.address}`;
  const listenHost = listenAddressDefault.host;
  const address = servedAt === undefined ? listenAddressDefault : parseListenAddress(servedAt.address);
  const host = formatAddress(connectable(address, { ipv4: hostname(), ipv6: hostname() }));
  const fingerprint = servedAt?.fingerprint ?? (await selfMadeCertificate({ dataDirectory, listenHost, clock })).fingerprint;
  return formatConnectionLine({ name, host, fingerprint });
}
