import { resolve } from 'node:path';
import { startServer, type RunningServer, type Security } from '../compose.ts';
import { listenAddressDefault, formatAddress, parseListenAddress } from '../listenAddress.ts';
import { argument, exitCodes, needed, UsageError, type Command } from './commandTypes.ts';
import { parseCommandArgs } from './parseCommandArgs.ts';

const options = {
  data: { type: 'string' },
  listen: { type: 'string' },
  'tls-cert': { type: 'string' },
  'tls-key': { type: 'string' },
  'insecure-http': { type: 'boolean' },
  json: { type: 'boolean' },
} as const;

export const start: Command = {
  usage: `holdfast-server start --data DIR [--listen HOST:PORT] [--tls-cert FILE --tls-key FILE] [--json]

Serves the data folder until it is told to stop (Ctrl-C, SIGTERM). Makes the folder when it is missing, with a master
key and a certificate of its own: back the folder up as a whole.

  --data DIR           where everything is kept
  --listen HOST:PORT   default ${formatAddress(listenAddressDefault)}; port 0 takes any free one
  --tls-cert FILE      a certificate of yours instead of the self-made one: PEM, with its chain
  --tls-key FILE       its key: PEM, not encrypted
  --insecure-http      plain HTTP; refused unless HOST is this machine itself
  --json               print one line {"url", "fingerprint", "instance"} when serving

The log goes to standard error, one JSON document a line.`,

  async run(args, context) {
    const { values } = parseCommandArgs(args, { options });
    const dataDirectory = resolve(needed(values.data, '--data'));
    const listen = values.listen === undefined ? listenAddressDefault : argument(() => parseListenAddress(values.listen ?? ''));
    const server = await startServer({ dataDirectory, listen, security: securityOf(values) }, context);
    try {
      context.log.info('serving', { url: server.url, instance: server.instance });
      for (const line of values.json === true ? [jsonLine(server)] : humanLines(server, dataDirectory)) context.print(line);
      await asked(context.signal);
      context.log.info('stopping');
    } finally {
      await server.close();
    }
    context.log.info('stopped');
    return exitCodes.done;
  },
};

function securityOf(values: {
  readonly 'tls-cert'?: string;
  readonly 'tls-key'?: string;
  readonly 'insecure-http'?: boolean;
}): Security {
  const { 'tls-cert': cert, 'tls-key': key, 'insecure-http': plain } = values;
  if ((cert === undefined) !== (key === undefined)) throw new UsageError('--tls-cert and --tls-key belong together.');
  if (plain === true && cert !== undefined) throw new UsageError('--insecure-http and --tls-cert exclude each other.');
  if (plain === true) return { kind: 'none' };
  return cert === undefined || key === undefined ? { kind: 'self-made' } : { kind: 'operator', cert: resolve(cert), key: resolve(key) };
}

function jsonLine({ url, fingerprint, instance }: RunningServer): string {
  return JSON.stringify({ url, fingerprint: fingerprint ?? null, instance });
}

function humanLines({ url, fingerprint, instance }: RunningServer, dataDirectory: string): readonly string[] {
  return [
    `Holdfast serves ${url}`,
    `  data         ${dataDirectory}`,
    `  instance     ${instance}`,
    fingerprint === undefined ? '  no TLS: for this machine itself only' : `  fingerprint  ${fingerprint}`,
    'Add a user:   holdfast-server user add NAME --password-stdin --data DIR',
  ];
}

function asked(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((done) => signal.addEventListener('abort', () => done(), { once: true }));
}
