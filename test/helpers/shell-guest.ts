/** A guest that runs what a test types: Debian's kernel, booted directly, and a shell of busybox on its serial console. */

import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, copyFile, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Duplex } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { type Domain, xml } from 'rbdkit/libvirt'
import { guestKernel, moduleClosure, run, unpacked } from '../../scripts/guest/kernel.js'
import { root } from './package.js'

const cache = join(root, '.rbdkit', 'guest')

/** What a test's guest needs beside a virtio disk: hot-plug, file systems, a channel to an agent, a power button. */
const MODULES = ['virtio_pci', 'virtio_blk', 'virtio_console', 'ext4', 'isofs', 'button', 'evdev']

/** A shell whose prompt, echo and history are off: what comes back is what commands print. */
const INIT = `#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev /tmp /mnt /bin /sbin /usr/bin /usr/sbin /run /var/run /etc
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
while read -r module; do insmod "/modules/$module" || echo "insmod $module failed"; done </modules/order
exec </dev/ttyS0 >/dev/ttyS0 2>&1
stty -echo -onlcr
while IFS= read -r line; do sh -c "$line"; done
`

async function makeInitrd(
  work: string,
  modules: { name: string; data: Buffer }[],
  agent: string[],
): Promise<Buffer> {
  const tree = join(work, 'initrd')
  await mkdir(join(tree, 'bin'), { recursive: true })
  await mkdir(join(tree, 'modules'))
  await copyFile('/bin/busybox', join(tree, 'bin/busybox'))
  await writeFile(join(tree, 'init'), INIT)
  await chmod(join(tree, 'init'), 0o755)
  for (const path of agent) {
    const inside = join(tree, path.replace(join(cache, 'agent'), ''))
    await mkdir(dirname(inside), { recursive: true })
    await copyFile(path, inside)
  }
  for (const module of modules) await writeFile(join(tree, 'modules', `${module.name}.ko`), module.data)
  await writeFile(join(tree, 'modules/order'), modules.map(({ name }) => `${name}.ko\n`).join(''))
  const archive = join(work, 'initrd.cpio')
  const list = run('find', ['.'], { cwd: tree })
  run('cpio', ['-o', '-H', 'newc', '-R', '0:0', '--quiet', '-F', archive], { cwd: tree, input: list })
  return gzipSync(await readFile(archive), { level: 1 })
}

/** The agent's program, unpacked from its package and never installed, with the libraries of this host that it needs. */
async function agentFiles(): Promise<string[]> {
  const inTree = 'usr/sbin/qemu-ga'
  const agent = join(cache, 'agent', inTree)
  if (!existsSync(agent)) {
    await unpacked(
      cache,
      () => ['qemu-guest-agent'],
      async (tree) => {
        if (!existsSync(join(tree, inTree))) throw new Error(`the agent's package has no ${inTree}`)
        return 'agent'
      },
    )
  }
  const told = run('ldd', [agent])
  const [missing] = /.*not found.*/.exec(told) ?? []
  if (missing !== undefined)
    throw new Error(`the guest's agent needs what this host lacks: ${missing.trim()}`)
  return [agent, ...[...told.matchAll(/(\/[^ ]+) \(0x/g)].map(([, path]) => String(path))]
}

/** Kernel and initramfs, kept in `.rbdkit/guest` of the checkout. */
export async function shellGuest(): Promise<{ kernel: string; initrd: string }> {
  const kernel = await guestKernel(join(cache, 'kernel'))
  const agent = await agentFiles()
  const hash = createHash('sha256').update(kernel.id).update(INIT).update(MODULES.join())
  for (const path of ['/bin/busybox', ...agent]) hash.update(await readFile(path))
  const initrd = join(cache, `shell-${hash.digest('hex').slice(0, 16)}.gz`)
  if (!(await stat(initrd).catch(() => undefined))) {
    const work = await mkdtemp(join(cache, 'build-'))
    try {
      const made = join(work, 'initrd.gz')
      await writeFile(made, await makeInitrd(work, await moduleClosure(kernel, MODULES), agent))
      await mkdir(dirname(initrd), { recursive: true })
      await rename(made, initrd)
    } finally {
      await rm(work, { recursive: true, force: true })
    }
  }
  return { kernel: kernel.vmlinuz, initrd }
}

/** A domain that boots it. */
export async function shellDomain(name: string, disks: string[]): Promise<string> {
  return xml.domain({
    name,
    type: 'qemu',
    memoryMiB: 192,
    vcpus: 1,
    ...(await shellGuest()),
    cmdline: 'console=ttyS0 quiet panic=0 rdinit=/init',
    guestAgent: true,
    disks,
  })
}

/** The shell of a domain that runs. */
export class Shell {
  readonly #console: Duplex
  #heard = ''
  #wake: () => void = () => {}

  private constructor(console: Duplex) {
    this.#console = console
    console.on('data', (part: Buffer) => {
      this.#heard += part.toString('latin1').replaceAll('\r', '')
      this.#wake()
    })
    console.on('error', () => {}) // the console ends with the domain's run
  }

  /** Waits until the guest has booted. Whoever had the console open loses it. */
  static async open(domain: Domain, timeoutMs = 90_000): Promise<Shell> {
    const shell = new Shell(await domain.openConsole({ force: true }))
    const until = Date.now() + timeoutMs
    // Not at each piece of news: before the shell is there, what is typed comes back, and the shell would have it all to do.
    let next = 0
    while (!shell.#heard.includes('hello-42')) {
      if (Date.now() > until) throw new Error(`the guest did not boot: ${shell.#heard.slice(-2000)}`)
      if (Date.now() >= next) {
        shell.#console.write('echo hello-$((6 * 7))\n')
        next = Date.now() + 3000
      }
      await shell.#news(1000)
    }
    return shell
  }

  /** What the command prints; throws when it fails. */
  async run(command: string, timeoutMs = 30_000): Promise<string> {
    const token = randomBytes(6).toString('hex')
    this.#heard = ''
    this.#console.write(`echo "<"${token}; { ${command}; } 2>&1; echo "$? >"${token}\n`)
    const until = Date.now() + timeoutMs
    for (;;) {
      const [, printed, status] =
        new RegExp(`<${token}\\n([\\s\\S]*?)(\\d+) >${token}\\n`).exec(this.#heard) ?? []
      if (printed !== undefined && status === '0') return printed.trimEnd()
      if (status !== undefined) throw new Error(`the guest's '${command}' gave ${status}: ${printed}`)
      if (Date.now() > until) throw new Error(`the guest's '${command}' took too long: ${this.#heard}`)
      await this.#news(1000)
    }
  }

  close(): void {
    this.#console.destroy()
  }

  #news(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
