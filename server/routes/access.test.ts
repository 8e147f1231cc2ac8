import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { encodeUtf8, toHex } from '../../base/bytes.ts';
import { isBackupError } from '../../base/errors.ts';
import type { ChunkId, LaneId, OriginId, PathId, WorkspaceId } from '../../protocol/ids.ts';
import { instanceHeader } from '../../protocol/messages/headers.ts';
import { apiPrefix, routes, type RouteName } from '../../protocol/routes.ts';
import { SuiteWorld } from '../../engine/testing/repository/suiteWorld.ts';
import { createPrimitives } from '../../engine/platform/primitives.ts';
import { connectAccount } from '../../engine/store/accountClient.ts';
import { LiveServer, password, random, type LiveDevice, type RawAnswer } from '../../test/support/liveServer.ts';

const ids = {
  workspace: '0'.repeat(32),
  lane: '0'.repeat(32),
  origin: '0'.repeat(48),
  device: '0'.repeat(32),
};

function pathOf(name: RouteName): string {
  return apiPrefix + routes[name].path.replace(/:([a-z]+)/g, (_, parameter: string) => ids[parameter as keyof typeof ids]);
}

function checkProblem(answer: RawAnswer, want: { readonly status: number; readonly code: string }): void {
  assert.equal(answer.status, want.status, answer.text);
  assert.match(answer.headers['content-type'] ?? '', /^application\/problem\+json/);
  assert.equal(answer.headers[instanceHeader]?.length, 32);
  const problem = JSON.parse(answer.text) as Record<string, unknown>;
  assert.equal(problem.code, want.code);
  assert.equal(problem.status, want.status);
  assert.match(String(problem.type), /^urn:holdfast:problem:/);
}

const tokenRoutes = (Object.keys(routes) as RouteName[]).filter((name) => routes[name].auth === 'token');

describe('access to the routes', () => {
  let server: LiveServer;
  let ann: LiveDevice;
  let bob: LiveDevice;
  before(async () => {
    server = await LiveServer.start();
    await server.addUser('ann');
    await server.addUser('bob');
    ann = await server.signIn('ann', 'laptop');
    bob = await server.signIn('bob', 'laptop');
  });
  after(() => server.close());

  for (const name of tokenRoutes) {
    const { method } = routes[name];

    test(`${name} refuses a request without a token, and one with a wrong token`, async () => {
      checkProblem(await server.raw({ method, path: pathOf(name) }), { status: 401, code: 'denied' });
      checkProblem(await server.raw({ method, path: pathOf(name), token: 'x' }), { status: 401, code: 'denied' });
      const unknown = Buffer.from(random.bytes(32)).toString('base64url');
      checkProblem(await server.raw({ method, path: pathOf(name), token: unknown }), { status: 401, code: 'denied' });
    });

    test(`${name} refuses a token in the address, even a valid one`, async () => {
      const path = `${pathOf(name)}?access_token=${ann.token}`;
      checkProblem(await server.raw({ method, path }), { status: 400, code: 'invalid' });
      checkProblem(await server.raw({ method, path, token: ann.token }), { status: 400, code: 'invalid' });
    });
  }

  test('a token in the body is refused', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await server.raw({ method: 'POST', path: pathOf('putPack'), headers, body: `access_token=${ann.token}` });
    checkProblem(answer, { status: 401, code: 'denied' });
  });

  test('every answer names the instance, also of addresses and methods that do not exist', async () => {
    checkProblem(await server.raw({ path: '/nowhere' }), { status: 404, code: 'not-found' });
    checkProblem(await server.raw({ path: `${apiPrefix}/%zz` }), { status: 404, code: 'not-found' });
    checkProblem(await server.raw({ path: `${apiPrefix}/workspaces/%zz/lanes`, token: ann.token }), { status: 400, code: 'invalid' });
    checkProblem(await server.raw({ method: 'DELETE', path: pathOf('health') }), { status: 405, code: 'invalid' });
    const health = await server.raw({ path: pathOf('health') });
    assert.equal(health.headers[instanceHeader], server.core.instance);
    assert.equal(health.headers['x-powered-by'], undefined);
    assert.equal(health.headers['cache-control'], 'no-store');
  });

  test('a revoked device is refused from then on, other devices are not', async () => {
    const lost = await server.signIn('ann', 'lost');
    const client = connectAccount({ url: server.url, trust: { kind: 'system' }, token: ann.token });
    await client.revoke(lost.device, server);
    await client.revoke(lost.device, server);
    await assert.rejects(lost.repository.workspaces(server), (error) => isBackupError(error, 'denied'));
    await client.whoami(server);
    const listed = await client.devices(server);
    assert.equal(listed.find(({ id }) => id === lost.device)?.revoked, true);
    assert.deepEqual(listed.filter(({ current }) => current).map(({ id }) => id), [ann.device]);
    client.close();
  });

  test('signing out revokes the token', async () => {
    const { token } = await server.signIn('ann', 'short visit');
    const client = connectAccount({ url: server.url, trust: { kind: 'system' }, token });
    assert.equal((await client.whoami(server)).account.name, 'ann');
    await client.logout(server);
    await assert.rejects(client.whoami(server), (error) => isBackupError(error, 'denied'));
    client.close();
  });

  test('a disabled account is shut out at once, with the answer of a wrong password', async () => {
    await server.addUser('carl');
    const carl = await server.signIn('carl', 'laptop');
    const { id } = (await server.core.accounts.findByName('carl'))!;
    await server.core.accounts.setDisabled(id, true);
    await assert.rejects(carl.repository.workspaces(server), (error) => isBackupError(error, 'denied'));
    await assert.rejects(server.signIn('carl', 'laptop'), (error) => isBackupError(error, 'denied'));
  });

  test('who is signed in but may not is told so, and not to sign in again', async () => {
    const desktop = await server.signIn('ann', 'desktop');
    const { again } = await fillAnn({ ann, bob, name: 'of the laptop' });
    await assert.rejects(again(desktop), (error) => {
      assert.ok(isBackupError(error, 'denied'));
      assert.equal(error.details.reason, 'forbidden');
      return true;
    });
  });

  /** What bob's token gets of ann's things, by route; a route without a case does not compile. */
  const isolation: Readonly<Record<RouteName, (ann: Belongings) => Promise<void>>> = {
    health: async () => checkNothing(await asBob('health')),
    login: async () => {
      const body = { name: 'ann', password: 'not hers', device: 'x' };
      checkProblem(await asBob('login', { json: body }), { status: 401, code: 'denied' });
    },
    logout: async () => undefined, // ends bob's own token only: tested above
    account: async () => assert.match((await asBob('account')).text, /"bob"/),
    changePassword: async () => {
      const body = { current: 'wrong one', password: 'another one' };
      checkProblem(await asBob('changePassword', { json: body }), { status: 403, code: 'denied' });
      await server.signIn('ann', 'still');
    },
    devices: async () => checkNothing(await asBob('devices')),
    revokeDevice: async () => {
      checkProblem(await asBob('revokeDevice', { path: { device: ann.device } }), { status: 404, code: 'not-found' });
      await ann.repository.workspaces(server);
    },
    getRing: async () => assert.equal((await asBob('getRing')).text, '{"ring":null}'),
    createRing: async () => {
      await asBob('createRing', { json: { bytes: Buffer.from('bob').toString('base64') } });
      assert.deepEqual((await ann.repository.getRing(server))?.bytes, encodeUtf8('ring of ann'));
    },
    workspaces: async () => assert.equal((await asBob('workspaces')).text, '{"workspaces":[]}'),
    createWorkspace: async ({ workspace }) => {
      await asBob('createWorkspace', { path: { workspace }, json: { name: 'taken over' } });
      assert.ok((await ann.repository.workspaces(server)).some(({ id, name }) => id === workspace && name === 'project'));
    },
    lanes: async ({ workspace }) => checkNothing(await asBob('lanes', { path: { workspace } })),
    createLane: async ({ workspace, lane, origin }) => {
      await asBob('createLane', { path: { workspace, lane }, json: { origin } });
      assert.deepEqual((await ann.repository.lanes(workspace, server)).map(({ device }) => device), [ann.device]);
    },
    lanesOfOrigin: async ({ origin, lane }) => {
      assert.doesNotMatch((await asBob('lanesOfOrigin', { path: { origin } })).text, new RegExp(`${lane}.*${ann.device}`));
    },
    missing: async ({ chunk }) => {
      assert.deepEqual(await bob.repository.missing([chunk], server), new Set([chunk]));
    },
    fetch: async ({ chunk, root }) => {
      assert.deepEqual(await bob.repository.fetch({ kind: 'objects', ids: [chunk, root] }, server), []);
      assert.deepEqual(await bob.repository.fetch({ kind: 'under', roots: [root] }, server), []);
    },
    putPack: async () => undefined, // what it stores is bob's: see missing and fetch
    snapshots: async ({ workspace }) => checkNothing(await asBob('snapshots', { path: { workspace } })),
    commit: async ({ again }) => {
      await assert.rejects(again(bob), (error) => isBackupError(error, 'not-found') || isBackupError(error, 'denied'));
    },
    findSnapshots: async ({ snapshot }) => {
      assert.deepEqual(await bob.repository.findSnapshots({ prefix: snapshot.slice(0, 8) }, server), []);
    },
    history: async ({ workspace }) => {
      const json = { path: '0'.repeat(48) as PathId, ancestors: [], before: null, limit: 10 };
      checkNothing(await asBob('history', { path: { workspace }, json }));
    },
  };

  async function asBob(
    name: RouteName,
    { path = {}, json }: { readonly path?: Readonly<Record<string, string>>; readonly json?: object } = {},
  ): Promise<RawAnswer> {
    const filled = routes[name].path.replace(/:([a-z]+)/g, (_, parameter: string) => path[parameter] ?? '');
    const body = json === undefined ? {} : { body: JSON.stringify(json), headers: { 'content-type': 'application/json' } };
    return await server.raw({ method: routes[name].method, path: apiPrefix + filled, token: bob.token, ...body });
  }

  function checkNothing({ text }: RawAnswer): void {
    for (const secret of ['project', ann.device, 'ring of ann']) assert.ok(!text.includes(secret), text);
  }

  test('no route lets one account see or change what is another’s', async () => {
    const belongings = await fillAnn({ ann, bob });
    for (const [name, check] of Object.entries(isolation)) {
      await check(belongings).catch((cause: unknown) => assert.fail(`${name}: ${String(cause)}`));
    }
    assert.equal((await ann.repository.snapshots({ workspace: belongings.workspace, before: undefined, limit: 9 }, server)).length, 1);
  });

  test('the fifth wrong password is the last that is tried', async () => {
    await server.addUser('dora');
    const wrong = { name: 'dora', password: 'guess', device: 'x' };
    const statuses: number[] = [];
    for (let i = 0; i < 7; i++) statuses.push((await asBob('login', { json: wrong })).status);
    assert.deepEqual(statuses, [401, 401, 401, 401, 401, 429, 429]);
    const refused = await asBob('login', { json: { ...wrong, password } });
    checkProblem(refused, { status: 429, code: 'limit' });
    assert.ok(Number(refused.headers['retry-after']) > 0);
    await server.signIn('ann', 'unaffected');
  });

  test('wrong passwords that are tried all at once are counted too', async () => {
    await server.addUser('eve');
    const wrong = { name: 'eve', password: 'guess', device: 'x' };
    const answers = await Promise.all(Array.from({ length: 20 }, () => asBob('login', { json: wrong })));
    assert.ok(answers.filter(({ status }) => status === 401).length <= 6);
  });
});

interface Belongings {
  readonly workspace: WorkspaceId;
  readonly lane: LaneId;
  readonly origin: OriginId;
  readonly chunk: ChunkId;
  readonly root: ChunkId;
  readonly snapshot: string;
  /** Sends ann's commit as somebody. */
  again(as: LiveDevice): Promise<unknown>;
}

async function fillAnn({ ann, bob, name }: { readonly ann: LiveDevice; readonly bob: LiveDevice; readonly name?: string }): Promise<Belongings> {
  const world = new SuiteWorld({ laptop: ann, desktop: ann, stranger: bob, close: () => Promise.resolve() }, createPrimitives());
  await ann.repository.createRing(encodeUtf8('ring of ann'), world);
  const lane = await world.lane(ann, await world.workspace(ann, name));
  const chunk = world.chunk(`ann's ${toHex(random.bytes(8))}`);
  const tree = world.tree({ file: chunk });
  const pack = await world.pack(chunk, tree);
  const request = world.request(lane, { root: tree.id, pack });
  const result = await ann.repository.commit(request, world);
  assert.equal(result.kind, 'committed');
  return {
    workspace: lane.workspace,
    lane: lane.id,
    origin: lane.origin,
    chunk: chunk.id as ChunkId,
    root: tree.id as never,
    snapshot: request.record.id,
    again: (as) => as.repository.commit(request, world),
  };
}
