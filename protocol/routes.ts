/** Every route of the server, the one list that routes, client, tests and docs/protocol.md are checked against. */
export const apiPrefix = '/api/v1';

export const routes = {
  health: { method: 'GET', path: '/health', auth: 'none' },
  login: { method: 'POST', path: '/auth/login', auth: 'none' },
  logout: { method: 'POST', path: '/auth/logout', auth: 'token' },
  account: { method: 'GET', path: '/account', auth: 'token' },
  changePassword: { method: 'POST', path: '/account/password', auth: 'token' },
  devices: { method: 'GET', path: '/devices', auth: 'token' },
  revokeDevice: { method: 'DELETE', path: '/devices/:device', auth: 'token' },
  getRing: { method: 'GET', path: '/keys/ring', auth: 'token' },
  createRing: { method: 'PUT', path: '/keys/ring', auth: 'token' },
  workspaces: { method: 'GET', path: '/workspaces', auth: 'token' },
  createWorkspace: { method: 'PUT', path: '/workspaces/:workspace', auth: 'token' },
  lanes: { method: 'GET', path: '/workspaces/:workspace/lanes', auth: 'token' },
  createLane: { method: 'PUT', path: '/workspaces/:workspace/lanes/:lane', auth: 'token' },
  lanesOfOrigin: { method: 'GET', path: '/origins/:origin/lanes', auth: 'token' },
  missing: { method: 'POST', path: '/objects/missing', auth: 'token' },
  fetch: { method: 'POST', path: '/objects/fetch', auth: 'token' },
  putPack: { method: 'POST', path: '/packs', auth: 'token' },
  snapshots: { method: 'GET', path: '/workspaces/:workspace/snapshots', auth: 'token' },
  commit: { method: 'POST', path: '/workspaces/:workspace/snapshots', auth: 'token' },
  findSnapshots: { method: 'GET', path: '/snapshots', auth: 'token' },
  history: { method: 'POST', path: '/workspaces/:workspace/paths', auth: 'token' },
} as const satisfies Readonly<Record<string, Route>>;

export type RouteName = keyof typeof routes;

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Under `apiPrefix`; `:name` is a parameter. */
  readonly path: string;
  readonly auth: 'none' | 'token';
}
