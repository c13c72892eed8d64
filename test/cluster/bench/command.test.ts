/** `rbdkit bench` as its users run it, on a real cluster: figures, files, refusals, Ctrl-C. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { type BenchResult, Cluster, Image, namespaceCreate, poolInit } from 'rbdkit'
import { LocalCluster } from 'rbdkit/dev'
import t, { type Test } from 'tap'
import { Browser } from '../../helpers/browser.js'
import { randomName, sharedCluster } from '../../helpers/cluster.js'
import { root } from '../../helpers/package.js'
import { fill, mib, openImage } from './fixture.js'

t.setTimeout(240_000)
const program = join(root, 'dist', 'cli', 'main.js')

interface Result {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Starts it with the arguments after `rbdkit bench`; `interrupt` sends a signal when stderr first matches. */
async function rbdkitBench(
  confFile: string,
  args: readonly string[],
  interrupt?: { when: RegExp; signal: NodeJS.Signals; times?: number },
): Promise<Result> {
  const env = { ...process.env, CEPH_CONF: confFile, NODE_OPTIONS: '' }
  const child = spawn(process.execPath, [program, 'bench', ...args], { env })
  const result = { stdout: '', stderr: '' }
  let sent = false
  const interruptOnce = async (): Promise<void> => {
    if (interrupt === undefined || sent || !interrupt.when.test(result.stderr)) return
    sent = true
    for (let i = 0; i < (interrupt.times ?? 1); i++) {
      child.kill(interrupt.signal)
      await sleep(300)
    }
  }
  child.stdout.on('data', (data: Buffer) => {
    result.stdout += data.toString()
  })
  child.stderr.on('data', (data: Buffer) => {
    result.stderr += data.toString()
    void interruptOnce()
  })
  const late = setTimeout(() => child.kill('SIGKILL'), 90_000)
  await once(child, 'close')
  clearTimeout(late)
  return { ...result, status: child.exitCode }
}

async function prepare(t: Test) {
  const { confFile } = await sharedCluster()
  const { ioctx, image } = await openImage(t)
  const spec = `${ioctx.pool}/${image.name}`
  await image.close()
  return { confFile, ioctx, name: image.name, spec, run: (...args: string[]) => rbdkitBench(confFile, args) }
}

t.test('a run: table, JSON and page; and a comparison of two', async (t) => {
  const { spec, run } = await prepare(t)
  const directory = t.testdir()
  const [first, second] = [join(directory, 'first.json'), join(directory, 'second.json')]
  const pageFile = join(directory, 'report.html')
  const common = [spec, '--rw', 'randread', '--bs', '4k', '--runtime', '3']
  const done = await run(...common, '--iodepth', '8', '--json', first, '--html', pageFile)
  t.equal(done.stderr, '', 'not on a terminal: no progress')
  t.equal(done.status, 0)
  t.ok(done.stdout.startsWith(`${spec}: 4 KiB random read, depth 8, 3 s\n`))

  const result = JSON.parse(readFileSync(first, 'utf8')) as BenchResult
  const { read } = result.jobs[0]
  t.ok(read.total_ios > 0)
  t.equal(result.settings.client.rbd_cache, 'false', "without the client's cache")
  const inTable = (name: string) => new RegExp(`^  ${name} +(.+)$`, 'm').exec(done.stdout)?.[1]
  t.equal(inTable('operations')?.replaceAll(',', ''), String(read.total_ios))
  t.equal(Math.round(read.iops).toString(), inTable('IOPS')?.replaceAll(',', ''))
  t.equal(inTable('rbd_cache'), 'false')
  t.equal(inTable('allocated'), '100 %')

  await using browser = await Browser.launch()
  const url = (file: string): string => pathToFileURL(file).href
  const page = await browser.open(url(pageFile), { width: 1280, height: 900 })
  t.same(page.problems, [])
  t.same(page.requests, [url(pageFile)])
  const words = await page.evaluate<string>('document.body.innerText')
  t.ok(words.includes('4 KiB random read, depth 8'))
  t.ok(words.includes(`Image ${spec}`))
  const heights =
    '[...document.querySelectorAll("path.line")].map((one) => one.getBoundingClientRect().width)'
  const widths = await page.evaluate<number[]>(heights)
  t.equal(widths.length, 6, 'IOPS, bandwidth, three latencies, percentiles')
  for (const width of widths) t.ok(width > 200, 'drawn')

  t.match(await run(...common, '--iodepth=16', '--json', second), { status: 0, stderr: '' })
  const compareFile = join(directory, 'compare.html')
  const compared = await run('compare', first, second, '--html', compareFile)
  t.match(compared, { status: 0, stderr: '', stdout: /^read +first\.json +second\.json +ratio$/m })
  t.match(compared.stdout, /^ {2}iodepth +8 +16$/m)
  t.notMatch(compared.stdout, /^ {2}rbd_cache/m, 'what is the same is not listed')
  const both = await browser.open(url(compareFile), { width: 1280, height: 900 })
  t.same(both.problems, [])
  t.equal((await both.evaluate<number[]>(heights)).length, 8, 'two lines in each of four charts')
})

t.test('every workload, by the names of fio', async (t) => {
  const { spec, run } = await prepare(t)
  for (const [rw, names] of Object.entries({
    read: ['read'],
    randread: ['read'],
    write: ['write'],
    randwrite: ['write'],
    readwrite: ['read', 'write'],
    rw: ['read', 'write'],
    randrw: ['read', 'write'],
    trim: ['trim'],
    randtrim: ['trim'],
    zeroes: ['trim'],
    randzeroes: ['trim'],
  })) {
    // Discards and zeroes leave nothing that could be read.
    const args = [
      spec,
      `--rw=${rw}`,
      '--bs=16k',
      '--io_size=1m',
      '--destructive',
      '--allow-unallocated',
      '--json',
    ]
    const { status, stdout, stderr } = await run(...args)
    t.match({ status, stderr }, { status: 0, stderr: '' }, rw)
    const [job] = (JSON.parse(stdout) as BenchResult).jobs
    for (const name of ['read', 'write', 'trim'] as const) {
      const bytes = job[name].io_bytes
      t.equal(bytes > 0, names.includes(name), `${rw}: ${bytes} bytes of ${name}`)
    }
  }
})

t.test("fio's other options reach the engine", async (t) => {
  const { spec, run } = await prepare(t)
  const args = [
    '--rw=randrw',
    '--rwmixread=70',
    '--bssplit=4k/60:16k/40',
    '--iodepth=4',
    '--rate_iops=300',
    '--ramp_time=500ms',
  ]
  args.push(
    '--runtime=1',
    '--random_distribution=zipf:1.1',
    '--fsync=8',
    '--buffer_compress_percentage=50',
    '--randseed=7',
  )
  args.push(
    '--destructive',
    '--numjobs=1',
    '--direct=0',
    '--ceph-option',
    'rbd_io_scheduler=none',
    '--json',
    spec,
  )
  const { status, stdout, stderr } = await run(...args)
  t.match({ status, stderr }, { status: 0, stderr: '' })
  const { jobs, settings } = JSON.parse(stdout) as BenchResult
  t.match(settings.options, {
    operation: 'readwrite',
    readPercent: 70,
    blockSize: [
      { bytes: 4096, weight: 60 },
      { bytes: 16_384, weight: 40 },
    ],
    depth: 4,
    rate: 300,
    warmup: 0.5,
    runtime: 1,
    distribution: { zipf: 1.1 },
    flushEvery: 8,
    compressible: 50,
    seed: 7,
  })
  t.match(settings.client, { rbd_cache: 'true', rbd_io_scheduler: 'none' })
  t.ok(jobs[0].sync.total_ios > 1, 'it flushed')
  const { client, handles } = (
    JSON.parse((await run('--numjobs=2', '--runtime=1', '--json', spec)).stdout) as BenchResult
  ).settings
  t.equal(handles, 2, 'each job has a cluster handle')
  t.equal(client.rbd_cache, 'false')
})

t.test('what is stamped is verified', async (t) => {
  const { spec, run } = await prepare(t)
  const args = [spec, '--bs=64k', '--verify', '--randseed=3']
  const wrong = await run(...args, '--rw=read', '--io-size=1m')
  t.match(wrong, { status: 1, stdout: '', stderr: /^rbdkit: .*\n$/ }, 'not stamped yet')
  t.match(await run(...args, '--rw=write', '--io-size=32m', '--destructive'), { status: 0, stderr: '' })
  t.match(await run(...args, '--rw=randread', '--io-size=8m'), { status: 0, stderr: '' })
})

t.test('namespaces and snapshots; a user who may only read', async (t) => {
  const { confFile, ioctx, run } = await prepare(t)
  const cluster = await Cluster.connect({ confFile })
  t.teardown(() => cluster.close())
  const namespace = randomName('ns')
  await namespaceCreate(ioctx, namespace)
  const inside = await cluster.openIoCtx(ioctx.pool, { namespace })
  await Image.create(inside, 'disk', { size: 8 * mib })
  const image = await Image.open(inside, 'disk')
  await fill(image)
  await image.snapshots.create('snap')
  await image.close()
  const spec = `${ioctx.pool}/${namespace}/disk@snap`
  const user = randomName('reader')
  const caps = { mon: 'profile rbd-read-only', osd: `profile rbd-read-only pool=${ioctx.pool}` }
  await cluster.auth.getOrCreate(`client.${user}`, caps)
  t.teardown(() => cluster.auth.remove(`client.${user}`))
  const readKeyring = join(
    t.testdir({ keyring: `[client.${user}]\nkey = ${await cluster.auth.getKey(`client.${user}`)}\n` }),
    'keyring',
  )
  const done = await run(spec, '--io-size=4m', '--id', user, '--keyring', readKeyring, '--conf', confFile)
  t.match(done, { status: 0, stderr: '' })
  t.ok(done.stdout.startsWith(`${spec}: `))
  const write = await run(
    spec.replace('@snap', ''),
    '--rw=write',
    '--io-size=4m',
    '--id',
    user,
    '--keyring',
    readKeyring,
    '--destructive',
  )
  t.match(write, { status: 1, stdout: '', stderr: /^rbdkit: E(?:PERM|ACCES|ROFS): .*\n$/ })
})

t.test('refusals are one line and name the flag; status 1', async (t) => {
  const { ioctx, spec, run } = await prepare(t)
  const empty = randomName('empty')
  await Image.create(ioctx, empty, { size: 8 * mib })
  const cases: [string[], RegExp][] = [
    [[spec, '--rw=randwrite'], /--destructive/],
    [[spec, '--rw=trim'], /--destructive/],
    [[`${ioctx.pool}/${empty}`], /--allow-unallocated/],
    [[spec, '--rw=write', '--numjobs=2', '--io-size=1m', '--destructive'], /exclusive lock/],
    [[`${ioctx.pool}/nobody`], /ENOENT: .*nobody/],
    [['nopool/x'], /ENOENT/],
  ]
  for (const [args, message] of cases) {
    const { status, stdout, stderr } = await run(...args)
    t.match({ status, stdout }, { status: 1, stdout: '' }, args.join(' '))
    t.match(stderr, /^rbdkit: [^\n]+\n$/, 'one line')
    t.match(stderr, message)
    t.notMatch(stderr, /`|options\./, "the library's own words are for programs")
  }
  const image = await Image.open(ioctx, empty)
  const { buffer } = await image.read({ position: 0, length: 4096 })
  t.ok(
    buffer.every((byte) => byte === 0),
    'nothing was written',
  )
  await image.close()
})

t.test('the rest of the options: refused by the engine, status 2', async (t) => {
  const { spec, run } = await prepare(t)
  const many = await run(spec, '--iodepth=65536', '--bs=1m')
  t.match(many, { status: 2, stdout: '', stderr: /^rbdkit: The value of --iodepth is out of range\./ })
  const large = await run(spec, '--bs=64m', '--iodepth=1')
  t.match(large, { status: 2, stdout: '', stderr: /^rbdkit: The value of --bs is out of range\./ })
})

t.test('progress: a line a second when asked, a bar on a terminal', async (t) => {
  const { confFile, spec, run } = await prepare(t)
  const { status, stderr } = await run(spec, '--runtime=3', '--eta=always')
  t.equal(status, 0)
  const lines = stderr.trim().split('\n')
  t.ok(lines.length >= 2 && lines.length <= 5, stderr)
  t.match(lines.at(-1), /^\w+ +\d\S* IOPS {2}\S+ \w+\/s {2}p50 \S+ \w+ {2}p99 \S+ \w+ {2}\d+ s left$/)

  // `script` gives it a terminal.
  const command = [process.execPath, program, 'bench', spec, '--runtime', '3']
    .map((word) => `'${word}'`)
    .join(' ')
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    env: { ...process.env, CEPH_CONF: confFile, NODE_OPTIONS: '', TERM: 'xterm' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let seen = ''
  child.stdout.on('data', (data: Buffer) => {
    seen += data.toString()
  })
  await once(child, 'close')
  t.equal(child.exitCode, 0)
  t.match(seen, /measuring \[=+ +\] {2}[\d.]+k? IOPS/)
  t.match(seen, /\[={20}\]|1 s left/)
  t.match(seen, '\u001b[?25l', 'the cursor is hidden')
  t.ok(seen.lastIndexOf('\u001b[?25h') > seen.lastIndexOf('\u001b[?25l'), 'and is back')
  t.ok(
    seen.lastIndexOf(`${spec}: 4 KiB random read`) > seen.lastIndexOf('measuring'),
    'the table is after it',
  )
})

t.test('Ctrl-C: what was measured, status 130, no files', async (t) => {
  const { confFile, spec } = await prepare(t)
  const json = join(t.testdir(), 'x.json')
  for (const [signal, status] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    const args = [spec, '--runtime=60', '--eta=always', '--json', json]
    const result = await rbdkitBench(confFile, args, { when: /p99/, signal })
    t.match(result, { status, stdout: '' })
    t.match(
      result.stderr,
      new RegExp(
        `^rbdkit: interrupted by ${signal} after [\\d,]+ operations in [\\d.]+ s: [\\d,]+ IOPS, .*/s; no result was written\n$`,
        'm',
      ),
    )
    t.notOk(existsSync(json))
  }
  const early = await rbdkitBench(confFile, [spec, '--ramp-time=60', '--eta=always'], {
    when: /warm-up/,
    signal: 'SIGINT',
  })
  t.match(
    early,
    { status: 130, stdout: '', stderr: /^rbdkit: interrupted by SIGINT$/m },
    'before anything was measured',
  )
})

t.test('a cluster that stops answering: the second Ctrl-C ends at once', async (t) => {
  await using local = await LocalCluster.start({ objectstore: 'memstore' })
  const cluster = await Cluster.connect({ confFile: local.confFile })
  await cluster.pools.create('p')
  const ioctx = await cluster.openIoCtx('p')
  await poolInit(ioctx)
  await Image.create(ioctx, 'disk', { size: 8 * mib })
  const image = await Image.open(ioctx, 'disk')
  await fill(image)
  await cluster.close()
  const running = rbdkitBench(local.confFile, ['p/disk', '--runtime=120', '--eta=always'], {
    when: /nothing has completed/,
    signal: 'SIGINT',
    times: 2,
  })
  await sleep(3000)
  await local.osds[0]?.stop()
  const began = performance.now()
  const { status, stderr } = await running
  t.equal(status, 130)
  t.match(stderr, /nothing has completed for ten seconds/)
  t.ok(performance.now() - began < 60_000, 'it did not wait for the cluster')
})

t.test('files that cannot be written are found out before the run', async (t) => {
  const { spec, run } = await prepare(t)
  const directory = t.testdir()
  for (const args of [
    ['--html', directory],
    ['--html', join(directory, 'none', 'x.html')],
    ['--json', join(directory, 'none', 'x.json')],
  ]) {
    const began = performance.now()
    t.match(await run(spec, '--runtime=30', ...args), {
      status: 2,
      stdout: '',
      stderr: /^rbdkit: --(?:html|json): /,
    })
    t.ok(performance.now() - began < 20_000, 'before')
  }
  const html = join(directory, 'x.html')
  const done = await run('--json', spec, '--io-size=1m', '--html', html)
  t.equal(done.status, 0)
  t.ok(
    (JSON.parse(done.stdout) as BenchResult).jobs[0].read.total_ios > 0,
    'an image after --json is an image',
  )
  t.ok(statSync(html).size > 10_000)
})
