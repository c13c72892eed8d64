/** This check is about programs on this host, when the connection is to libvirtd of the same. */

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { untilAborted } from '../steps.js'
import type { Check } from './context.js'
import type { Finding } from './types.js'

const run = promisify(execFile)

/** What is wrong with `qemu-img` on this host. `path` is where it is looked for. */
export async function qemuFinding(
  signal: AbortSignal,
  path: string | undefined = process.env.PATH,
): Promise<Finding | undefined> {
  const env = { ...process.env, PATH: path, LC_ALL: 'C' }
  // Without a pool it is refused before it connects; without the driver it is refused for that.
  const args = ['info', '--image-opts', 'driver=rbd']
  const said = await run('qemu-img', args, { env, signal, maxBuffer: 2 ** 20 }).then(
    () => '',
    (error: NodeJS.ErrnoException & { stderr?: string }) => {
      signal.throwIfAborted()
      return error.code === 'ENOENT' ? undefined : (error.stderr ?? '')
    },
  )
  if (said === undefined)
    return {
      code: 'PROGRAM_MISSING',
      severity: 'warning',
      object: 'qemu-img',
      message: 'This host has no qemu-img, which virt-install and virt-clone need.',
      remedy: 'apt install qemu-utils',
    }
  if (!/[Uu]nknown driver/.test(said)) return undefined
  return {
    code: 'QEMU_WITHOUT_RBD',
    severity: 'error',
    object: 'qemu-img',
    message: 'QEMU on this host has no block driver for RBD.',
    remedy: 'apt install qemu-block-extra',
  }
}

export const host: Check = {
  name: 'programs',
  needs: ['connection'],
  async run({ connection }, signal, report) {
    const uri = await untilAborted(connection.uri(), signal)
    if (!/^qemu(?:\+unix)?:\/\/\//.test(uri)) return
    const finding = await qemuFinding(signal)
    if (finding) report(finding)
  },
}
