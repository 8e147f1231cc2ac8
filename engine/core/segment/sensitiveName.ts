import type { ByteName } from '../byteString.ts';

/**
 * Whether a file of that name likely holds secrets. Its chunks are then never compressed together with other files',
 * so that the size of what somebody else can write never tells of what it holds.
 */
export function isSensitiveName(name: ByteName): boolean {
  const lower = name.toLowerCase();
  return startPattern.test(lower) || wholeNames.has(lower) || endPattern.test(lower);
}

const startPattern = /^(?:\.env|id_(?:rsa|dsa|ecdsa|ed25519)|secrets?\.|credentials?\.)/;
const endPattern =
  /\.(?:env|pem|key|p12|pfx|p8|pk8|ppk|crt|cer|der|csr|jks|jceks|keystore|kdbx?|asc|gpg|pgp|age|ovpn|tfvars|tfstate)$/;
const wholeNames: ReadonlySet<string> = new Set([
  '.npmrc',
  '.yarnrc.yml',
  '.netrc',
  '_netrc',
  '.pypirc',
  '.pgpass',
  '.my.cnf',
  '.htpasswd',
  '.git-credentials',
  '.dockercfg',
  'credentials',
  'secrets',
  'kubeconfig',
]);
