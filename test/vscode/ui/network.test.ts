import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { connect as connectTo, type AddressInfo, type Socket } from 'node:net';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { assertBackedUp, consent, editorTest, password, user, type EditorBench } from '../host/editorBench.ts';

// An address like any other, in a network that nothing outside is part of.
const namespace = 'ip link set lo up; ip link add inside type veth peer name outside; ip addr add 10.231.7.1/24 dev inside; ip link set inside up; ip link set outside up; exec "$0" "$@"';
const proxied = await startProxy();
after(() => proxied.close());

test('a server on another address than the loopback, which the editor’s own network code treats otherwise', { timeout: 240_000 }, () => {
  const file = fileURLToPath(new URL('../otherAddress.ts', import.meta.url));
  const environment = { ...process.env };
  delete environment['NODE_TEST_CONTEXT'];
  const words = ['--net', '--map-root-user', 'sh', '-ec', namespace, process.execPath, file, '10.231.7.1'];
  const done = spawnSync('unshare', words, { encoding: 'utf8', env: environment });
  assert.equal(done.error, undefined, 'apt-get install -y --no-install-recommends util-linux iproute2');
  assert.equal(done.status, 0, `${done.stdout}\n${done.stderr}`);
});

editorTest('signed in by address, name and password, through a proxy that carries everything', { files: { 'a.txt': 'first\n' }, settings: { 'holdfast.proxy': proxied.url } }, async (bench) => {
  await signInByAddress(bench);
  assert.deepEqual([...proxied.targets], [`127.0.0.1:${bench.server.port}`]);
  await bench.workbench.openFile('a.txt');
  await bench.workbench.rewrite('second\n');
  await assertBackedUp(bench, await bench.commandLine());
});

/** Without the line: the certificate is shown, to be compared with what the server printed. */
async function signInByAddress({ workbench: w, server }: EditorBench): Promise<void> {
  await w.status('Backup: sign in').waitFor();
  await w.run('Backup: Sign In');
  await w.answer(/The line that the server printed/, server.url);
  await w.modal.getByText('Is this your server').waitFor();
  const shown = (await w.modal.textContent())!.replaceAll(/[^0-9a-f]/gi, '').toLowerCase();
  assert.ok(shown.includes(server.fingerprint.replaceAll(':', '').toLowerCase()), shown);
  await w.press('Trust This Certificate', w.modal);
  await w.answer('Your name on the server', user);
  await w.answer(`Password of ${user}`, password);
  await consent(w);
  await w.status('Backed up').waitFor();
}

/** An HTTP proxy that knows CONNECT only, and notes where to. */
async function startProxy(): Promise<{ readonly url: string; readonly targets: ReadonlySet<string>; close(): void }> {
  const targets = new Set<string>();
  const open = new Set<Socket>();
  const server = createServer((_request, response) => response.writeHead(405).end());
  server.on('connect', (request: IncomingMessage, client: Socket) => {
    targets.add(request.url!);
    const { hostname, port } = new URL(`http://${request.url}`);
    const target = connectTo(Number(port), hostname, () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      target.pipe(client).pipe(target);
    });
    for (const socket of [client, target]) {
      open.add(socket);
      socket.on('error', () => socket.destroy()); // the other end went away
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = (): void => {
    server.close();
    for (const socket of open) socket.destroy();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, targets, close };
}
