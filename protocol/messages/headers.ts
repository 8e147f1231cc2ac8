/** Header of every answer: the server's instance id (16 bytes, hex). */
export const instanceHeader = 'holdfast-instance';
/** Seconds after which a `limit` or `unavailable` may have passed. */
export const retryAfterHeader = 'retry-after';

export const mediaTypes = {
  json: 'application/json',
  problem: 'application/problem+json',
  bytes: 'application/octet-stream',
  zip: 'application/zip',
  multipart: 'multipart/form-data',
} as const;
