/** What differs between releases of Ceph and libvirt, for tests that run on several of them. */

import { execFileSync } from 'node:child_process'

/** The major release of the Ceph that is installed here: 16, 18, 20. Its libraries, tools and daemons are of one release. */
export const cephRelease = Number(
  /^ceph version (\d+)\./.exec(execFileSync('ceph', ['--version'], { encoding: 'utf8' }))?.[1],
)

/** Whether libvirt can start RBD storage pools: it sets an option that Ceph 20 does not have. */
export const rbdPoolsStart = cephRelease < 20
