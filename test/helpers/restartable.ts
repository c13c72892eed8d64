/** A hypervisor of its own whose libvirtd can be ended and started again, while its guests go on. */

import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { LocalHypervisor } from 'rbdkit/dev'
import { Connection } from 'rbdkit/libvirt'
import type { Test } from 'tap'
import { libvirtdPid } from './hypervisor.js'

/** Runs one libvirtd after the other: the next one when something is written into the pipe. */
const wrapper = `#!/bin/sh
base=\${2%/etc/libvirtd.conf}
PATH=\${PATH#*:}
mkfifo "$base/next"
while :; do
  libvirtd "$@"
  read -r line < "$base/next" || exit 1
done
`

export class RestartableHypervisor {
  readonly uri: string
  readonly adminUri: string
  readonly directory: string
  readonly #hypervisor: LocalHypervisor

  private constructor(hypervisor: LocalHypervisor) {
    this.#hypervisor = hypervisor
    this.uri = hypervisor.uri
    this.adminUri = hypervisor.adminUri
    this.directory = hypervisor.directory
  }

  static async start(t: Test): Promise<RestartableHypervisor> {
    const programs = await mkdtemp(join(tmpdir(), 'rbdkit-restartable-'))
    t.teardown(() => rm(programs, { recursive: true, force: true }))
    await mkdir(join(programs, 'bin'))
    await writeFile(join(programs, 'bin', 'libvirtd'), wrapper)
    await chmod(join(programs, 'bin', 'libvirtd'), 0o755)
    const path = process.env.PATH
    process.env.PATH = [join(programs, 'bin'), path].join(delimiter)
    try {
      const hypervisor = await LocalHypervisor.start()
      t.teardown(() => hypervisor.close())
      return new RestartableHypervisor(hypervisor)
    } finally {
      process.env.PATH = path
    }
  }

  get pid(): number {
    return libvirtdPid(this.#hypervisor)
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    process.kill(this.pid, signal)
  }

  /** Starts the next libvirtd; resolves when it answers. */
  async startAgain(): Promise<void> {
    await writeFile(join(this.directory, 'next'), '\n')
    for (;;) {
      try {
        await (await Connection.open(this.uri)).close()
        return
      } catch {
        await sleep(20) // it is not there yet
      }
    }
  }

  async restart(): Promise<void> {
    this.kill()
    await this.startAgain()
  }
}
