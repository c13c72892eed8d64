/**
 * The Debian cloud kernel of the guest disk: downloaded as a package and unpacked beside the checkout,
 * never installed on the host.
 */
import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'

/** An unpacked kernel package. */
export interface GuestKernel {
  /** Package file name without `.deb`: name, version and architecture. */
  id: string
  /** Path of the bzImage. */
  vmlinuz: string
  /** The package's `lib/modules/<release>` directory. */
  modules: string
}

const META_PACKAGE = 'linux-image-cloud-amd64'

/** Runs a program to its end and gives its standard output; throws with its standard error when it fails. */
export function run(program: string, args: string[], options: { cwd?: string; input?: string } = {}): string {
  // The sbin directories: mkfs.vfat is there, and a plain user's PATH on Debian lacks them.
  const env = { ...process.env, LC_ALL: 'C', PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` }
  const done = spawnSync(program, args, { ...options, env, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
  if (done.error)
    throw new Error(`${program} could not be started (${done.error.message}); run scripts/setup.sh`)
  if (done.status !== 0) throw new Error(`${program} ${args.join(' ')} failed:\n${done.stderr.trim()}`)
  return done.stdout
}

/** The package that the meta package stands for at present, such as `linux-image-6.1.0-35-cloud-amd64`. */
function kernelPackage(): string {
  const found = /^\s*Depends: (linux-image-\S+)$/m.exec(run('apt-cache', ['depends', META_PACKAGE]))?.[1]
  if (!found) throw new Error(`apt knows no ${META_PACKAGE}; run apt-get update`)
  return found
}

function refreshAptLists(): void {
  const root = process.getuid?.() === 0
  const [program, ...args] = [...(root ? [] : ['sudo', '-n']), 'apt-get', 'update', '-qq']
  run(program as string, args)
}

async function download(into: string): Promise<string> {
  try {
    run('apt-get', ['download', '-qq', '-o', 'APT::Sandbox::User=root', kernelPackage()], { cwd: into })
  } catch {
    // The lists may be empty (container images) or name a version the archive has since replaced.
    refreshAptLists()
    run('apt-get', ['download', '-qq', '-o', 'APT::Sandbox::User=root', kernelPackage()], { cwd: into })
  }
  const deb = (await readdir(into)).find((name) => name.endsWith('.deb'))
  if (!deb) throw new Error('apt-get download left no package file')
  return deb
}

async function describe(directory: string): Promise<GuestKernel> {
  const image = (await readdir(join(directory, 'boot'))).find((name) => name.startsWith('vmlinuz-'))
  if (!image) throw new Error(`${directory} holds no vmlinuz`)
  return {
    id: basename(directory),
    vmlinuz: join(directory, 'boot', image),
    modules: join(directory, 'lib/modules', image.slice('vmlinuz-'.length)),
  }
}

/**
 * The kernel kept under `cache`, downloaded the first time (about 27 MB).
 *
 * @param cache - Directory that keeps unpacked kernels between runs.
 */
export async function guestKernel(cache: string): Promise<GuestKernel> {
  await mkdir(cache, { recursive: true })
  // Any kernel that is there will do: a run again needs no network.
  const kept = (await readdir(cache)).find((name) => name.startsWith('linux-image-'))
  if (kept) return describe(join(cache, kept))

  const work = await mkdtemp(join(cache, 'download-'))
  try {
    const deb = await download(work)
    run('dpkg-deb', ['-x', deb, 'tree'], { cwd: work })
    const target = join(cache, deb.replace(/\.deb$/, ''))
    await rename(join(work, 'tree'), target).catch((error: NodeJS.ErrnoException) => {
      // Another process was quicker: its copy is as good.
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
    })
    return await describe(target)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** A kernel module as the initramfs needs it: uncompressed, with the modules it depends on. */
export interface KernelModule {
  name: string
  data: Buffer
  depends: string[]
}

/**
 * Reads a module and its dependencies from the package's tree. The package has no `modules.dep` (depmod makes
 * that when a kernel is installed), so each module's own `.modinfo` is asked.
 */
async function readModule(files: Map<string, string>, name: string): Promise<KernelModule> {
  const path = files.get(name)
  if (!path) throw new Error(`the kernel package has no module ${name}`)
  const data = path.endsWith('.xz')
    ? spawnSync('xz', ['-dc', path], { maxBuffer: 64 * 1024 * 1024 }).stdout
    : await readFile(path)
  const found = /\0depends=([^\0]*)\0/.exec(data.toString('latin1'))
  if (!found) throw new Error(`${path} has no depends= in its .modinfo`)
  const depends = (found[1] ?? '').split(',').filter((word) => word !== '')
  return { name, data, depends: depends.map((word) => word.replaceAll('-', '_')) }
}

/**
 * The named modules and everything they depend on, each after what it needs: the order for `insmod`.
 *
 * @param kernel - An unpacked kernel.
 * @param wanted - Module names with underscores.
 */
export async function moduleClosure(kernel: GuestKernel, wanted: string[]): Promise<KernelModule[]> {
  const files = new Map<string, string>()
  for (const entry of await readdir(kernel.modules, { recursive: true })) {
    const name = /([^/]+)\.ko(\.xz)?$/.exec(entry)?.[1]
    if (name) files.set(name.replaceAll('-', '_'), join(kernel.modules, entry))
  }
  const ordered = new Map<string, KernelModule>()
  const visit = async (name: string): Promise<void> => {
    if (ordered.has(name)) return
    const module = await readModule(files, name)
    for (const needed of module.depends) await visit(needed)
    ordered.set(name, module)
  }
  for (const name of wanted) await visit(name)
  return [...ordered.values()]
}
