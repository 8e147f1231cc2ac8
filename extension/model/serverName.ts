/** The server's name as people know it: `HOST:PORT`. */
export function serverName({ url }: { readonly url: string }): string {
  return url.replace(/^https?:\/\//, '');
}
