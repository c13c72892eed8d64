/** libvirt's version numbers as people read them: 9000000 is `'9.0.0'`. */
export function versionText(version: number): string {
  return `${Math.floor(version / 1e6)}.${Math.floor(version / 1000) % 1000}.${version % 1000}`
}
