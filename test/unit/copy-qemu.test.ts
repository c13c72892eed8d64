/** Disks in formats that QEMU reads, and qemu-nbd's end whenever the copy ends. */

import { execFile, execFileSync, spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Worker } from 'node:worker_threads'
import { type CopyOptions, type CopyProgress, compare, copy } from 'rbdkit'
import t, { type Test } from 'tap'
import { plainNode } from '../helpers/child.js'
import { qemuImg } from '../helpers/qcow2.js'
import { type Form, forms, make, makeRaw } from '../helpers/qemu-formats.js'

const mib = 1024 * 1024
const index = new URL('../../dist/index.js', import.meta.url).href

/** What this process may leave of a socket's directory would be here. */
const temporary = t.testdir()
process.env.TMPDIR = temporary

/** qemu-nbds that `pid` has started. */
function servers(pid = process.pid): number[] {
  const { stdout } = spawnSync('/usr/bin/pgrep', ['-P', String(pid), '-x', 'qemu-nbd'], { encoding: 'utf8' })
  return stdout.split('\n').filter(Boolean).map(Number)
}

/** Nothing is left: neither a child, nor a descriptor, nor a directory. */
async function leavesNothing(t: Test, work: () => Promise<unknown>): Promise<void> {
  const descriptors = () => readdirSync('/proc/self/fd').length
  const before = descriptors()
  await work()
  t.same(servers(), [], 'no child is left')
  t.same(readdirSync(temporary), [], 'nor a directory')
  t.ok(descriptors() <= before, 'nor a descriptor')
}

/** A copy that is in its middle, and goes on for seconds. */
async function slowly(source: object, to: { file: string }, options: CopyOptions = {}) {
  let begun: (() => void) | undefined
  const beginning = new Promise<void>((resolve) => {
    begun = resolve
  })
  const onProgress = ({ phase, bytesDone }: CopyProgress) => phase === 'copy' && bytesDone > 0 && begun?.()
  const job = copy(source as { file: string }, to, { ...options, bandwidthLimit: 4 * mib, onProgress })
  job.catch(() => begun?.())
  await beginning
  return { job } // not the job itself: that would be awaited
}

t.test('each format is the disk that it was made of', async (t) => {
  const directory = t.testdir()
  const raw = { file: join(directory, 'raw') }
  makeRaw(raw.file)
  const to = { file: join(directory, 'to') }
  const { digest, bytes } = await copy(raw, { file: '/dev/null' })
  await leavesNothing(t, async () => {
    for (const form of forms) {
      const source = make(directory, form)
      const result = await copy(source, to, { verify: form[0] === 'sparse.vmdk' ? 'full' : 'checksum' })
      t.match(result, { digest, bytes }, form[0])
      t.ok(readFileSync(to.file).equals(readFileSync(raw.file)))
      if (form[0] === 'sparse.vmdk' || form[0] === 'dynamic.vdi') {
        t.ok(result.bytesRead < 30 * mib, `${form[0]}: holes are not read`)
      }
      rmSync(to.file)
      const named = { file: source.file }
      t.match(await copy(named, { file: '/dev/null' }), { digest }, 'the name says the format')
      t.match(await compare(raw, source), { equal: true })
      const bare = join(directory, 'bare')
      renameSync(source.file, bare)
      if (!form[0].startsWith('fixed.vhd') || form[1] === 'vhdx') {
        await t.rejects(copy({ file: bare }, to).then(), {
          code: 'ERR_RBDKIT_FORMAT',
          message: new RegExp(`a ${form[1]} image; give format`),
        })
      }
      t.equal((await copy({ file: bare, format: 'raw' }, to)).bytes, readFileSync(bare).length)
      rmSync(bare)
      rmSync(to.file)
    }
    // Nothing but a hole, and sizes that end inside a grain or block.
    for (const size of [512, 3 * mib + 512, 64 * mib]) {
      truncateSync(raw.file, 0)
      truncateSync(raw.file, size)
      for (const form of forms.filter(([name]) => !name.startsWith('fixed'))) {
        const source = make(directory, form)
        const result = await copy(source, to)
        t.equal(result.bytesWritten, 0)
        t.ok(result.bytes >= size && result.bytes < size + mib, `${form[0]}, ${size}: ${result.bytes}`)
        rmSync(to.file)
        rmSync(source.file)
      }
    }
  })
})

t.test('what leads to other files, or needs them, is refused', async (t) => {
  const directory = t.testdir()
  makeRaw(join(directory, 'raw'))
  const to = { file: join(directory, 'to') }
  const secret = join(directory, 'secret')
  writeFileSync(secret, randomBytes(mib))
  const descriptor = (type: string, extent: string, parent = 'ffffffff') =>
    `# Disk DescriptorFile\nversion=1\nCID=12345678\nparentCID=${parent}\ncreateType="${type}"\n\n` +
    `# Extent description\n${extent}\n\n# The Disk Data Base\nddb.adapterType = "ide"\n`
  const header = readFileSync(make(directory, forms[0] as Form).file).subarray(0, 512)
  const without = (offset: number, ...bytes: number[]) => {
    const changed = Buffer.from(header)
    changed.set(bytes, offset)
    return changed
  }
  const embedded = (first: Buffer, text: string) => {
    const rest = Buffer.alloc(mib)
    rest.write(text)
    return Buffer.concat([first, rest])
  }
  const flat = `RW 2048 FLAT "${secret}" 0`
  const noCapacity = without(12, 0, 0, 0, 0, 0, 0, 0, 0)
  const whole = readFileSync(join(directory, 'sparse.vmdk'))
  const withParent = Buffer.from(whole)
  withParent.fill(0, 512, 10 * 1024)
  withParent.write(
    `${descriptor('monolithicSparse', 'RW 4 SPARSE "x"')}parentFileNameHint="${secret}"\n`,
    512,
  )
  const withCid = Buffer.from(whole)
  withCid.write('parentCID=12121212', whole.indexOf('parentCID='))
  const split = Buffer.from(whole)
  split.write('createType="twoGbMaxExten"', whole.indexOf('createType='))
  const cases: [name: string, bytes: Buffer | string, message: RegExp][] = [
    ['a descriptor', descriptor('monolithicFlat', flat), /names the files/],
    ['with a comment', `# Disk Des\n${descriptor('vmfs', flat)}`, /names the files/],
    ['another beginning', `\n${descriptor('monolithicFlat', flat)}`, /not a VMDK disk by itself/],
    ['an address', descriptor('monolithicFlat', 'RW 2048 FLAT "nbd://127.0.0.1:1" 0'), /names the files/],
    ['an embedded one', embedded(noCapacity, descriptor('monolithicFlat', flat)), /one of several files/],
    ['one elsewhere', without(28, 2), /one of several files/],
    ['none', without(28, 0), /one of several files/],
    ['an old extent', Buffer.concat([Buffer.from('COWD'), Buffer.alloc(4096)]), /not a VMDK disk/],
    ['a parent', withParent, /has a parent/],
    ["a parent's id", withCid, /has a parent/],
    ['one of several', split, /one of several/],
    ['empty', '', /cut/],
  ]
  const trace = join(directory, 'trace')
  for (const [name, bytes, message] of cases) {
    const file = join(directory, 'hostile.vmdk')
    writeFileSync(file, bytes)
    await t.rejects(copy({ file }, to).then(), { code: 'ERR_RBDKIT_FORMAT', message }, name)
    if (name !== 'an embedded one' && name !== 'a descriptor' && name !== 'a parent') continue
    const [node, args] = plainNode([
      '--input-type=module',
      '-e',
      `import { copy } from ${JSON.stringify(index)}
      await copy({ file: ${JSON.stringify(file)} }, ${JSON.stringify(to)}).catch(() => {})`,
    ])
    const strace = ['-f', '-qq', '-e', 'trace=open,openat,execve,connect', '-o', trace, node, ...args]
    await promisify(execFile)('strace', strace)
    const calls = readFileSync(trace, 'utf8')
    t.match(calls, /hostile\.vmdk/)
    t.notMatch(calls, /\/secret"|qemu-nbd/, `${name}: nothing else is opened, nor is QEMU started`)
  }

  // Two that QEMU takes, reading zeros where the parent's data is; and two that it refuses itself.
  const child = join(directory, 'child.vmdk')
  qemuImg('create', '-q', '-f', 'vmdk', '-b', join(directory, 'sparse.vmdk'), '-F', 'vmdk', child)
  await t.rejects(copy({ file: child }, to).then(), { code: 'ERR_RBDKIT_FORMAT', message: /has a parent/ })
  const vhd = make(directory, ['d.vhd', 'vpc', 'subformat=dynamic'])
  const footer = readFileSync(vhd.file)
  footer.writeUInt32BE(4, 60)
  writeFileSync(vhd.file, footer)
  await t.rejects(copy(vhd, to).then(), { code: 'ERR_RBDKIT_FORMAT', message: /has a parent/ })
  const vdi = make(directory, ['d.vdi', 'vdi', 'static=off'])
  const linked = readFileSync(vdi.file)
  linked.fill(7, 0x1b8, 0x1c8) // the UUID of what it is a child of
  writeFileSync(vdi.file, linked)
  await t.rejects(copy(vdi, to).then(), { code: 'ERR_RBDKIT_FORMAT', message: /parent UUID/ })
  const vhdx = make(directory, ['d.vhdx', 'vhdx', 'subformat=dynamic'])
  const differencing = readFileSync(vhdx.file)
  const parameters = differencing.indexOf(Buffer.from('3767a1ca36fa434db3b633f0aa44e76b', 'hex'))
  const metadata = parameters - (parameters % 65536)
  const at = metadata + differencing.readUInt32LE(parameters + 16) + 4
  differencing.writeUInt32LE(differencing.readUInt32LE(at) | 2, at)
  writeFileSync(vhdx.file, differencing)
  await t.rejects(copy(vhdx, to).then(), { code: 'ERR_RBDKIT_FORMAT', syscall: 'qemu-nbd' })
  t.notOk(readdirSync(directory).some((name) => name.startsWith('to')))
})

t.test('a file that was cut, damaged or is something else', async (t) => {
  const directory = t.testdir()
  makeRaw(join(directory, 'raw'), 5 * mib)
  const to = { file: join(directory, 'to') }
  await leavesNothing(t, async () => {
    for (const form of forms.filter(([name]) => !name.startsWith('static'))) {
      const { file, format } = make(directory, form)
      const bytes = readFileSync(file)
      for (const part of [0, 0.01, 0.3, 0.7, 0.97]) {
        truncateSync(file, Math.floor((bytes.length * part) / 512) * 512)
        const outcome = await copy({ file, format }, to).then(
          () => readFileSync(to.file).equals(readFileSync(join(directory, 'raw'))), // behind the data, that is
          (error: unknown) => (error as { code?: string }).code === 'ERR_RBDKIT_FORMAT',
        )
        t.ok(outcome, `${form[0]}, cut to ${part}`)
        rmSync(to.file, { force: true })
        writeFileSync(file, bytes)
      }
      writeFileSync(file, randomBytes(2 * mib))
      await t.rejects(copy({ file, format }, to).then(), { code: 'ERR_RBDKIT_FORMAT' }, `${form[0]}: noise`)
    }
    const loop = make(directory, forms[0] as Form).file
    const bytes = readFileSync(loop)
    const directoryAt = Number(bytes.readBigUInt64LE(56)) * 512
    bytes.writeBigUInt64LE(1n << 40n, 12)
    bytes.copyWithin(directoryAt + 4, directoryAt, directoryAt + 4)
    writeFileSync(loop, bytes)
    await t.rejects(copy({ file: loop }, to).then(), { code: 'ERR_RBDKIT_FORMAT' })
  })
  await t.rejects(copy({ file: directory, format: 'vmdk' }, to).then(), { code: 'EISDIR' })
  await t.rejects(copy({ file: '/dev/null', format: 'vmdk' }, to).then(), { code: 'ENOTSUP' })
  await t.rejects(copy({ file: join(directory, 'none.vmdk') }, to).then(), { code: 'ENOENT' })
  await t.rejects(copy({ file: 'x', format: 'vmdk', backingDirectories: ['/'] }, to).then(), {
    code: 'ERR_INVALID_ARG_VALUE',
  })
  await t.rejects(copy({ file: 'x', format: 'vhd' as never }, to).then(), { code: 'ERR_INVALID_ARG_VALUE' })
  t.notOk(readdirSync(directory).some((name) => name.startsWith('to')))
})

t.test('qemu-nbd that is missing, that fails, that hangs', async (t) => {
  const directory = t.testdir()
  makeRaw(join(directory, 'raw'), mib)
  const source = make(directory, forms[0] as Form)
  const to = { file: join(directory, 'to') }
  const bin = join(directory, 'bin')
  mkdirSync(bin)
  const { PATH } = process.env
  const fake = (script: string) => {
    writeFileSync(join(bin, 'qemu-nbd'), `#!/bin/sh\n${script}\n`)
    chmodSync(join(bin, 'qemu-nbd'), 0o755)
  }
  process.env.PATH = bin
  try {
    await leavesNothing(t, async () => {
      await t.rejects(copy(source, to).then(), {
        code: 'ENOSYS',
        syscall: 'qemu-nbd',
        message: /apt-get install qemu-utils/,
      })
      fake('echo "qemu-nbd: something is wrong" >&2; exit 3')
      await t.rejects(copy(source, to).then(), { code: 'ERR_RBDKIT_FORMAT', message: /something is wrong/ })
      fake('exit 0')
      await t.rejects(copy(source, to).then(), { code: 'EPIPE', syscall: 'qemu-nbd', path: source.file })
      fake('exec /bin/sleep 60')
      const started = performance.now()
      await t.rejects(copy(source, to, { signal: AbortSignal.timeout(300) }).then(), { name: 'TimeoutError' })
      t.ok(performance.now() - started < 10_000)
      rmSync(join(bin, 'qemu-nbd'))
      symlinkSync('/bin/cat', join(bin, 'qemu-nbd'))
      await t.rejects(copy(source, to).then(), { code: 'ERR_RBDKIT_FORMAT' }, 'another program')
    })
  } finally {
    process.env.PATH = PATH
  }
  t.notOk(readdirSync(directory).some((name) => name.startsWith('to')))
})

t.test('it ends when the copy ends, and the copy when it ends', async (t) => {
  const directory = t.testdir()
  writeFileSync(join(directory, 'raw'), randomBytes(24 * mib))
  const source = make(directory, forms[0] as Form)
  const to = { file: join(directory, 'to') }
  await leavesNothing(t, async () => {
    const { job } = await slowly(source, to)
    const [server] = servers()
    process.kill(server as number, 'SIGKILL')
    const killed = performance.now()
    await t.rejects(job.then(), { code: 'EPIPE', syscall: 'qemu-nbd', message: /signal 9/ })
    t.ok(performance.now() - killed < 10_000)

    const controller = new AbortController()
    const { job: aborted } = await slowly(source, to, { signal: controller.signal })
    t.equal(servers().length, 1)
    process.kill(servers()[0] as number, 'SIGSTOP') // not even one that does nothing any more is waited for
    controller.abort(new Error('enough'))
    await t.rejects(aborted.then(), { message: 'enough' })

    for (let i = 0; i < 10; i++) {
      const signal = AbortSignal.timeout(Math.floor(Math.random() * 60))
      await copy(source, { file: `${to.file}${i}` }, { signal }).then(
        () => rmSync(`${to.file}${i}`),
        (error: unknown) => t.match(error, { name: 'TimeoutError' }),
      )
      t.same(servers(), [])
    }
  })
  t.notOk(readdirSync(directory).some((name) => name.startsWith('to')))

  const [node, args] = plainNode([
    '--input-type=module',
    '-e',
    `import { copy } from ${JSON.stringify(index)}
    await copy(${JSON.stringify(source)}, ${JSON.stringify(to)}, { bandwidthLimit: 65536, onProgress({ phase }) {
      if (phase === 'copy') console.log('copying')
    } })`,
  ])
  for (const how of ['SIGKILL', 'SIGTERM'] as const) {
    const child = spawn(node, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(child.stdout, 'data')
    const [server] = servers(child.pid)
    t.ok(server, 'it is there')
    child.kill(how)
    await once(child, 'exit')
    const alive = () => spawnSync('kill', ['-0', String(server)]).status === 0
    for (let i = 0; alive() && i < 100; i++) await sleep(20)
    t.notOk(alive(), `${how} of this process ends it`)
  }
  t.same(readdirSync(temporary), [])

  const program = `
    import { parentPort } from 'node:worker_threads'
    import { copy } from ${JSON.stringify(index)}
    copy(${JSON.stringify(source)}, ${JSON.stringify({ file: join(directory, 'worker') })}, {
      bandwidthLimit: 65536,
      onProgress: ({ phase }) => phase === 'copy' && parentPort.postMessage(phase),
    })`
  const url = new URL(`data:text/javascript,${encodeURIComponent(program)}`)
  const worker = new Worker(url, { execArgv: [] })
  await once(worker, 'message')
  t.equal(servers().length, 1)
  await worker.terminate()
  t.same(servers(), [], 'a worker that is terminated')
  t.notOk(readdirSync(directory).some((name) => name.startsWith('worker')))
})

t.test('a source that changes, or that a QEMU writes to', async (t) => {
  const directory = t.testdir()
  writeFileSync(join(directory, 'raw'), randomBytes(8 * mib))
  const source = make(directory, forms[0] as Form)
  const to = { file: join(directory, 'to') }
  for (const change of [
    () => appendFileSync(source.file, Buffer.alloc(512)),
    // Times of modification can be set; this one cannot.
    () => utimesSync(source.file, new Date(0), new Date(0)),
  ]) {
    utimesSync(source.file, new Date(0), new Date(0))
    let changed = false
    const onProgress = ({ phase }: CopyProgress) => {
      if (phase !== 'copy' || changed) return
      changed = true
      change()
    }
    const job = copy(source, to, { onProgress, bandwidthLimit: 8 * mib })
    await t.rejects(job.then(), { code: 'ERR_SOURCE_CHANGED' })
    t.ok(changed)
  }
  const writer = spawn('qemu-io', ['-f', 'vmdk', source.file], { stdio: ['pipe', 'pipe', 'inherit'] })
  await once(writer.stdout, 'data')
  await t.rejects(copy(source, to).then(), { code: 'EBUSY', syscall: 'qemu-nbd', message: /lock/ })
  writer.stdin.end('quit\n')
  await once(writer, 'close')
  await copy(source, to)
  execFileSync('cmp', [join(directory, 'raw'), to.file])
})
