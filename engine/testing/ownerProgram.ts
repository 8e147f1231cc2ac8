// A process of its own that owns a folder or asks the owner: arguments are the place as JSON and the secret in hex.
// Says "owner" or "client ANSWER" on standard output; an owner then stays until it is killed or its input ends.
import { createInterface } from 'node:readline';
import { fromHex } from '../../base/bytes.ts';
import type { OwnerAddress } from '../platform/owner/ownerAddress.ts';
import { ownFolder } from '../platform/ownFolder.ts';

const [place, secret] = process.argv.slice(2);
const { signal } = new AbortController();
const own = await ownFolder({
  key: 'test',
  secret: fromHex(secret!),
  place: JSON.parse(place!) as OwnerAddress,
  signal,
  serve: async ({ method }) => `${method} of ${process.pid}`,
});
if (own.kind === 'owner') {
  process.stdout.write('owner\n');
  createInterface(process.stdin).on('close', () => void own.close());
} else {
  process.stdout.write(`client ${String(await own.request('pid', {}, { signal }))}\n`);
  await own.close();
}
