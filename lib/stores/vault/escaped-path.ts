/** A path of Vault in an address: what is in a name stays in it. */
export function escapedPath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}
