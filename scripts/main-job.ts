/**
 * The main job, through the public API: a bootable disk goes into Ceph, is cloned, and boots as a libvirt domain.
 * The quickstart shows it and test/e2e asserts it.
 */
import { createHash, randomBytes } from 'node:crypto'
import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  Cluster,
  type CopyProgress,
  type CopyResult,
  copy,
  Image,
  type IoCtx,
  type Job,
  poolInit,
} from 'rbdkit'
import { Connection, LibvirtError, xml } from 'rbdkit/libvirt'
import {
  ANSWER_OFFSET,
  BLOCK_SIZE,
  type GuestAnswer,
  guestDisk,
  parseAnswer,
  QUESTION_OFFSET,
  questionBlock,
} from './guest/disk.js'

/** Told what the job does. */
export interface Observer {
  begin(title: string): void
  progress(bytesDone: number, bytesTotal: number): void
  /** A line that belongs to the step, such as one of the guest's console. */
  line(text: string): void
  end(title: string, seconds: number): void
}

/** Where the job runs. */
export interface MainJobOptions {
  /** `ceph.conf` of a cluster, whose admin keyring it names. */
  confFile: string
  /** URI of a libvirtd on this host. */
  libvirtUri: string
  /** Directory for the guest's console and the exported file. */
  directory: string
  /** Part of the names of everything that the job creates. */
  name: string
  /** The text that the guest is to find on its disk. */
  text: string
  observer: Observer
  signal: AbortSignal
}

/** What came of it. */
export interface MainJobResult {
  /** SHA-256 of the block that was written through rbdkit. */
  questionSha256: string
  /** What the guest wrote, as read back through rbdkit. */
  answer: GuestAnswer
  /** Everything that the guest printed. */
  console: string
  /** Names of the volumes that libvirt saw in the Ceph pool; `undefined` where it cannot start an RBD pool. */
  volumes: string[] | undefined
  /** SHA-256 of the exported file, and of what it should be: the guest disk with both blocks. */
  exported: { sha256: string; expected: string }
  /** Digests of the image copy and of the export, as the copy engine tells them. */
  digests: { copied: string; exported: string }
  /** Seconds of each step. */
  times: { title: string; seconds: number }[]
}

const BOOT_LIMIT_MS = 120_000

/** Ends what the job began, newest first, even after a failure; the first error is thrown at the end. */
class CleanUp {
  readonly #tasks: (() => Promise<unknown>)[] = []

  /** Keeps a handle until the end. */
  use<T extends AsyncDisposable>(handle: T): T {
    this.defer(async () => handle[Symbol.asyncDispose]())
    return handle
  }

  defer(task: () => Promise<unknown>): void {
    this.#tasks.push(task)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const errors: unknown[] = []
    for (const task of this.#tasks.reverse()) await task().catch((error: unknown) => errors.push(error))
    if (errors.length > 0) throw errors[0]
  }
}

/** Runs and times the steps. */
class Steps {
  readonly times: { title: string; seconds: number }[] = []
  readonly #options: MainJobOptions

  constructor(options: MainJobOptions) {
    this.#options = options
  }

  async step<T>(title: string, work: () => Promise<T>): Promise<T> {
    const { observer, signal } = this.#options
    signal.throwIfAborted()
    observer.begin(title)
    const started = performance.now()
    const result = await work()
    const seconds = (performance.now() - started) / 1000
    this.times.push({ title, seconds })
    observer.end(title, seconds)
    return result
  }

  async copying(title: string, start: () => Job<CopyProgress, CopyResult>): Promise<CopyResult> {
    return this.step(title, async () => {
      const job = start()
      for await (const p of job) this.#options.observer.progress(p.bytesDone, p.bytesTotal)
      return job
    })
  }
}

/** The names of what one run creates. */
function namesOf(name: string) {
  return {
    pool: `${name}-pool`,
    golden: 'golden',
    vm: 'vm1',
    copy: 'vm1-copy',
    user: `client.${name}`,
    domain: `${name}-vm1`,
  }
}

async function openPool(cluster: Cluster, pool: string, cleanUp: CleanUp): Promise<IoCtx> {
  await cluster.pools.create(pool)
  cleanUp.defer(() => cluster.pools.delete(pool))
  const ioctx = cleanUp.use(await cluster.openIoCtx(pool))
  await poolInit(ioctx)
  return ioctx
}

/** Follows the guest's console until the domain is off; gives all that was printed. */
async function watchGuest(
  path: string,
  isRunning: () => Promise<boolean>,
  options: MainJobOptions,
): Promise<string> {
  const deadline = performance.now() + BOOT_LIMIT_MS
  let shown = 0
  for (;;) {
    const running = await isRunning()
    const text = await readFile(path, 'latin1')
    const whole = text.slice(shown, text.lastIndexOf('\n') + 1)
    shown += whole.length
    for (const line of whole.split(/\r?\n/).filter((one) => one.includes('RBDKIT-GUEST'))) {
      options.observer.line(line.slice(line.indexOf('RBDKIT-GUEST')))
    }
    if (!running) return text
    if (performance.now() > deadline)
      throw new Error(`the guest still runs after ${BOOT_LIMIT_MS / 1000} s:\n${text}`)
    await sleep(200, undefined, { signal: options.signal })
  }
}

async function sha256OfFile(path: string, patches: Map<number, Uint8Array> = new Map()): Promise<string> {
  const file = await open(path)
  try {
    const content = Buffer.alloc((await file.stat()).size)
    for (let at = 0; at < content.length; )
      at += (await file.read(content, at, content.length - at, at)).bytesRead
    for (const [offset, block] of patches) content.set(block, offset)
    return createHash('sha256').update(content).digest('hex')
  } finally {
    await file.close()
  }
}

/** Does the main job and removes everything it made. */
export async function mainJob(options: MainJobOptions): Promise<MainJobResult> {
  const { confFile, libvirtUri, directory, observer, signal } = options
  const names = namesOf(options.name)
  const steps = new Steps(options)
  await using cleanUp = new CleanUp()

  const disk = await steps.step('build a bootable disk', guestDisk)
  const [cluster, ioctx] = await steps.step('connect, create a pool', async () => {
    const connected = cleanUp.use(await Cluster.connect({ confFile, id: 'admin', signal }))
    return [connected, await openPool(connected, names.pool, cleanUp)] as const
  })

  const golden = { ioctx, image: names.golden }
  await steps.copying('import the disk', () => copy({ file: disk }, golden, { signal }))

  const question = questionBlock(options.text, randomBytes(64))
  await steps.step('snapshot, clone, write a block', async () => {
    await using image = await Image.open(ioctx, names.golden)
    await image.snapshots.create('base')
    await image.snapshots.protect('base')
    await Image.clone(ioctx, { image: names.golden, snapshot: 'base' }, ioctx, names.vm)
    await using clone = await Image.open(ioctx, names.vm)
    await clone.write(question, { position: QUESTION_OFFSET })
    await clone.flush()
  })

  const virt = cleanUp.use(await Connection.open(libvirtUri))
  const monitors = await cluster.monitors()
  const auth = await steps.step('define secret and storage pool', async () => {
    const { key } = await cluster.auth.getOrCreate(names.user, {
      mon: 'profile rbd',
      osd: `profile rbd pool=${names.pool}`,
    })
    cleanUp.defer(() => cluster.auth.remove(names.user))
    const usage = { type: 'ceph', name: `${names.user} secret` } as const
    const secret = await virt.defineSecret(xml.secret({ usage, private: true }))
    cleanUp.defer(() => secret.undefine())
    await secret.setValue(Buffer.from(key, 'base64'))
    return { username: options.name, secret: secret.uuid }
  })
  const volumes = await steps.step('list the volumes', async () => {
    const document = xml.storagePool({ type: 'rbd', name: names.pool, pool: names.pool, monitors, auth })
    const pool = await virt.defineStoragePool(document)
    cleanUp.defer(() => pool.undefine())
    try {
      await pool.create()
    } catch (error) {
      // nothing below needs it: the domain names its RBD disk itself
      if (!(error instanceof LibvirtError && error.message.includes('option: auth_supported'))) throw error
      observer.line(error.message)
      return undefined
    }
    cleanUp.defer(() => pool.destroy())
    await pool.refresh()
    const found = await pool.listVolumes()
    return found.map((volume) => volume.name).sort()
  })

  const consoleFile = join(directory, 'console.txt')
  const printed = await steps.step('boot the clone', async () => {
    const document = xml.domain({
      name: names.domain,
      type: 'qemu',
      memoryMiB: 256,
      vcpus: 1,
      serial: { type: 'file', path: consoleFile },
      disks: [xml.rbdDisk({ pool: names.pool, image: names.vm, monitors, auth, target: 'vda' })],
    })
    const domain = await virt.defineDomain(document)
    cleanUp.defer(() => domain.undefine())
    await domain.create()
    const isRunning = (): Promise<boolean> => domain.isActive()
    try {
      return await watchGuest(consoleFile, isRunning, options)
    } finally {
      if (await isRunning()) await domain.destroy()
    }
  })

  const answerBlock = await steps.step("read the guest's answer", async () => {
    await using image = await Image.open(ioctx, names.vm, { readOnly: true })
    const { buffer } = await image.read({ position: ANSWER_OFFSET, length: BLOCK_SIZE })
    return buffer
  })

  const exportFile = join(directory, 'vm1.raw')
  const copied = await steps.copying('copy the image', () =>
    copy({ ioctx, image: names.vm }, { ioctx, image: names.copy }, { signal }),
  )
  const exported = await steps.copying('export the copy', () =>
    copy({ ioctx, image: names.copy }, { file: exportFile }, { signal }),
  )
  const file = await steps.step('compare the export', async () => {
    const patches = new Map([
      [QUESTION_OFFSET, question],
      [ANSWER_OFFSET, answerBlock],
    ])
    return { sha256: await sha256OfFile(exportFile), expected: await sha256OfFile(disk, patches) }
  })

  return {
    questionSha256: createHash('sha256').update(question).digest('hex'),
    answer: parseAnswer(answerBlock),
    console: printed,
    volumes,
    exported: file,
    digests: { copied: copied.digest, exported: exported.digest },
    times: steps.times,
  }
}
