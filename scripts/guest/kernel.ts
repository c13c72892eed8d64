/**
 * The Debian cloud kernel of the guest disk: downloaded as a package and unpacked beside the checkout,
 * never installed on the host.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'

/** An unpacked kernel package. */
export interface GuestKernel {
  /** Package file name without `.deb`: name, version and architecture. */
  id: string
  /** Path of the bzImage. */
  vmlinuz: string
  /** The package's `lib/modules/<release>` directory, below `usr` since trixie. */
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

/** Names on the `Depends` lines of a package. */
function dependsOf(name: string): string[] {
  const lines = run('apt-cache', ['depends', name]).matchAll(/^ *\|?Depends: (\S+)$/gm)
  return [...lines].map((match) => String(match[1]))
}

/**
 * The packages that the meta package stands for at present: `linux-image-6.1.0-35-cloud-amd64`. Since forky that one is
 * empty, and needs others of the same version: `linux-binary-...`, `linux-modules-...`, `linux-base-...`.
 */
function kernelPackages(): string[] {
  const image = dependsOf(META_PACKAGE).find((name) => name.startsWith('linux-image-'))
  if (image === undefined) throw new Error(`apt knows no ${META_PACKAGE}; run apt-get update`)
  const version = image.slice('linux-image'.length)
  return [image, ...dependsOf(image).filter((name) => name.startsWith('linux-') && name.endsWith(version))]
}

function refreshAptLists(): void {
  const root = process.getuid?.() === 0
  const [program, ...args] = [...(root ? [] : ['sudo', '-n']), 'apt-get', 'update', '-qq']
  run(program as string, args)
}

/** Unpacks packages into `tree` of a directory, and gives the names of their files; they are asked for by `names`. */
async function unpack(into: string, names: () => string[]): Promise<string[]> {
  const fetch = () =>
    run('apt-get', ['download', '-qq', '-o', 'APT::Sandbox::User=root', ...names()], { cwd: into })
  try {
    fetch()
  } catch {
    // The lists may be empty (container images) or name a version the archive has since replaced.
    refreshAptLists()
    fetch()
  }
  const found = (await readdir(into)).filter((name) => name.endsWith('.deb'))
  for (const deb of found) run('dpkg-deb', ['-x', deb, 'tree'], { cwd: into })
  return found
}

/**
 * Downloads and unpacks packages below `cache`, where nothing gets its place before it is whole.
 *
 * @param names - The packages; called again when apt's lists were too old.
 * @param nameOf - Checks the unpacked tree, and gives its name in the cache; gets the names of the packages' files.
 * @returns The tree's place.
 */
export async function unpacked(
  cache: string,
  names: () => string[],
  nameOf: (tree: string, packages: string[]) => Promise<string>,
): Promise<string> {
  await mkdir(cache, { recursive: true })
  const work = await mkdtemp(join(cache, 'download-'))
  try {
    const packages = await unpack(work, names)
    const tree = join(work, 'tree')
    const target = join(cache, await nameOf(tree, packages))
    await rename(tree, target).catch((error: NodeJS.ErrnoException) => {
      // Another process was quicker: its copy is as good.
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
    })
    return target
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** Finds the parts in an unpacked tree; throws when one is not there. */
async function describe(directory: string, id: string): Promise<GuestKernel> {
  for (const below of ['usr/lib/modules', 'lib/modules']) {
    const [release] = await readdir(join(directory, below)).catch(() => [])
    if (release === undefined) continue
    const modules = join(directory, below, release)
    const vmlinuz = [join(directory, 'boot', `vmlinuz-${release}`), join(modules, 'vmlinuz')].find(existsSync)
    if (vmlinuz !== undefined && existsSync(join(modules, 'kernel'))) return { id, vmlinuz, modules }
  }
  throw new Error(`${directory} holds no whole kernel`)
}

/** Downloads and unpacks a kernel. */
async function addKernel(cache: string): Promise<GuestKernel> {
  const target = await unpacked(cache, kernelPackages, async (tree, packages) => {
    const image = packages.find((name) => name.startsWith('linux-image-'))
    if (image === undefined) throw new Error('apt-get download left no package file')
    const id = image.replace(/\.deb$/, '')
    await describe(tree, id)
    return id
  })
  return describe(target, basename(target))
}

/**
 * The kernel kept under `cache`, downloaded the first time (27 to 37 MB).
 *
 * @param cache - Directory that keeps unpacked kernels between runs.
 */
export async function guestKernel(cache: string): Promise<GuestKernel> {
  await mkdir(cache, { recursive: true })
  // Any kernel that is there will do: a run again needs no network.
  for (const kept of (await readdir(cache)).filter((name) => name.startsWith('linux-image-'))) {
    const kernel = await describe(join(cache, kept), kept).catch(() => undefined)
    if (kernel !== undefined) return kernel
    // Half of one, as earlier versions of this file left it.
    await rm(join(cache, kept), { recursive: true, force: true })
  }
  return addKernel(cache)
}

/** A kernel module as the initramfs needs it: uncompressed, with the modules it depends on. */
export interface KernelModule {
  name: string
  data: Buffer
  depends: string[]
}

/** Modules that are part of the kernel image: trixie's has virtio_pci in it. */
async function builtIn(kernel: GuestKernel): Promise<Set<string>> {
  const text = await readFile(join(kernel.modules, 'modules.builtin'), 'utf8').catch(() => '')
  return new Set(text.split('\n').map((line) => basename(line, '.ko').replaceAll('-', '_')))
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
 * The named modules and everything they depend on, each after what it needs: the order for `insmod`. Those that the
 * kernel image has in it are left out.
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
  const inImage = await builtIn(kernel)
  const ordered = new Map<string, KernelModule>()
  const visit = async (name: string): Promise<void> => {
    if (ordered.has(name) || (inImage.has(name) && !files.has(name))) return
    const module = await readModule(files, name)
    for (const needed of module.depends) await visit(needed)
    ordered.set(name, module)
  }
  for (const name of wanted) await visit(name)
  return [...ordered.values()]
}
