/** What differs between releases of Ceph and libvirt, for tests that run on several of them. */

import { execFileSync } from 'node:child_process'

const version = /^ceph version (\d+)\.(\d+)\.(\d+)/.exec(
  execFileSync('ceph', ['--version'], { encoding: 'utf8' }),
)

/** The Ceph that is installed here, in three numbers. Its libraries, tools and daemons are of one release. */
export const cephVersion: readonly number[] = (version ?? []).slice(1).map(Number)

/** Its major release: 16, 18, 20. */
export const cephRelease = cephVersion[0] as number

function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((part, i) => part !== b[i])
  return at < 0 ? 0 : (a[at] as number) - (b[at] as number)
}

const parts = (release: string): number[] => release.split('.').map(Number)

/** Whether the Ceph that is installed here has what came with the releases given, `'18.2.5'` and `'19.2.3'`, and all later ones. */
export function cephHas(...releases: readonly string[]): boolean {
  const parsed = releases.map(parts)
  const ofOurs = parsed.find(([major]) => major === cephRelease)
  return ofOurs
    ? compare(cephVersion, ofOurs) >= 0
    : parsed.every((release) => compare(cephVersion, release) > 0)
}

/** Whether a libvirt of this version has what came with a release: both as `'11.6.0'`. */
export function libvirtHas(version: string, release: string): boolean {
  return compare(parts(version), parts(release)) >= 0
}

/** Whether libvirt can start RBD storage pools: it sets an option that Ceph 20 does not have. */
export const rbdPoolsStart = cephRelease < 20
