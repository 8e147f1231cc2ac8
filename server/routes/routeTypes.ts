import type { KeyStore } from '../../engine/ports/keyStore.ts';
import type { Repository } from '../../engine/ports/repository.ts';
import type { DeviceLogin, StoredAccount } from '../core/accountStore.ts';
import type { RequestBody } from './requestBody.ts';
import type { RequestMemory } from './requestMemory.ts';

/** What a handler is given: the request without its transport. */
export interface RouteCall {
  /** The `:name`s of the path, as they came. */
  readonly path: Readonly<Record<string, string>>;
  query<T>(parse: (query: unknown) => T): T;
  readonly body: RequestBody;
  readonly memory: RequestMemory;
  /** Fires when the client goes away. */
  readonly signal: AbortSignal;
  /** Where it came from, for counting wrong passwords. */
  readonly address: string;
}

/** A call of a signed-in device. */
export interface DeviceCall extends RouteCall {
  readonly login: DeviceLogin;
  /** The account's store as this device sees it. */
  readonly repository: Repository & KeyStore;
}

/** A call that may bring name and password in its body. */
export interface SignInCall extends RouteCall {
  /** Errors: `denied`, `limit`. */
  signIn(credentials: { readonly name: string; readonly password: string }): Promise<StoredAccount>;
}

export type RouteAnswer =
  | { readonly kind: 'json'; readonly value: object }
  /** An outcome that is also an error for clients that do not know it: a problem document with members added. */
  | { readonly kind: 'problem'; readonly status: number; readonly value: object }
  | { readonly kind: 'bytes'; readonly mediaType: string; readonly bytes: Uint8Array }
  | { readonly kind: 'nothing' };

export const nothing: RouteAnswer = { kind: 'nothing' };

export function json<T extends object>(value: T): RouteAnswer {
  return { kind: 'json', value };
}
