/** The libvirtd that tests share: the test runner's one (`RBDKIT_TEST_LIBVIRT_URI`), or one started for this file. */

import { readdirSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { LocalHypervisor } from 'rbdkit/dev'
import t from 'tap'

/** What a test needs to know of a hypervisor. */
export interface TestHypervisor {
  readonly uri: string
  readonly env: Readonly<Record<string, string>>
}

let shared: Promise<TestHypervisor> | undefined

/** A running hypervisor; one started here is ended, with its guests, after the file's last test. */
export function sharedHypervisor(): Promise<TestHypervisor> {
  shared ??= (async () => {
    const uri = process.env.RBDKIT_TEST_LIBVIRT_URI
    if (uri !== undefined && uri !== '') return { uri, env: { LIBVIRT_DEFAULT_URI: uri } }
    const hypervisor = await LocalHypervisor.start()
    t.teardown(() => hypervisor.close())
    return hypervisor
  })()
  return shared
}

/** The pid of a hypervisor's libvirtd: its own pid file has the number in its namespace. */
export function libvirtdPid(hypervisor: LocalHypervisor): number {
  const pid = readdirSync('/proc').find((entry) => {
    try {
      const program = readFileSync(`/proc/${entry}/cmdline`, 'utf8').split('\0')[0] ?? ''
      const mounts = () => readFileSync(`/proc/${entry}/mountinfo`, 'utf8')
      return basename(program) === 'libvirtd' && mounts().includes(basename(hypervisor.directory))
    } catch {
      return false
    }
  })
  if (pid === undefined) throw new Error('libvirtd is not there')
  return Number(pid)
}
