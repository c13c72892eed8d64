import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { Cluster, Image, poolInit } from 'rbdkit'
import { LocalCluster } from 'rbdkit/dev'
import t, { type Test } from 'tap'
import { runChild } from '../helpers/child.js'

t.setTimeout(240_000)
const KEY = 'AQAAAAAAAAAAABAAAAAAAAAAAAAAAAAAAAAAAA=='

interface Line {
  step?: string
  name?: string
  code?: string
  message?: string
  ms?: number
  ticks?: number
}

/** A port that nobody listens on, and one that takes connections and says nothing. */
async function ports(t: Test): Promise<{ closed: number; silent: number }> {
  const silent = createServer(() => {})
  const other = createServer()
  silent.listen(0, '127.0.0.1')
  other.listen(0, '127.0.0.1')
  await Promise.all([once(silent, 'listening'), once(other, 'listening')])
  const port = (server: typeof silent): number => (server.address() as AddressInfo).port
  const found = { closed: port(other), silent: port(silent) }
  other.close()
  t.teardown(() => silent.close())
  return found
}

const lines = (text: string): Line[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line)

t.test('a dead monitor', async (t) => {
  const { closed, silent } = await ports(t)
  for (const port of [closed, silent]) {
    const monHost = `v2:127.0.0.1:${port}`
    const abort = await runChild('dead.mjs', { run: 'abort', monHost, key: KEY })
    const [aborted] = lines(abort.stdout)
    t.match(abort, { code: 0, signal: null, hung: false }, `process ended after ${Math.round(abort.ms)} ms`)
    t.equal(abort.stderr, '', 'quiet')
    t.equal(aborted?.name, 'TimeoutError')
    t.ok(Number(aborted?.ms) < 4000, `rejected after ${Math.round(Number(aborted?.ms))} ms`)
    t.ok(abort.ms < 10_000)

    const timeout = await runChild('dead.mjs', { run: 'timeout', monHost, key: KEY })
    const [timedOut] = lines(timeout.stdout)
    t.match(
      timeout,
      { code: 0, signal: null, hung: false },
      `process ended after ${Math.round(timeout.ms)} ms`,
    )
    t.equal(timeout.stderr, '', 'quiet')
    t.match(timedOut, { code: 'ETIMEDOUT' })
    t.ok(!JSON.stringify(timedOut).includes(KEY), 'no key')
    const ms = Number(timedOut?.ms)
    t.ok(ms > 1400 && ms < 8000, `connectTimeoutMs 1500: ${Math.round(ms)} ms`)
  }
})

t.test('a stopped OSD', async (t) => {
  const local = await LocalCluster.start({
    objectstore: 'memstore',
    // nobody is to notice that the OSD is stopped
    config: { 'osd heartbeat grace': 600, 'mon osd down out interval': 600, 'mon osd report timeout': 900 },
  })
  t.teardown(() => local.close())
  const pool = 'dead'
  const image = 'image'
  {
    await using cluster = await Cluster.connect({ confFile: local.confFile })
    await cluster.pools.create(pool, { pgNum: 8 })
    await using ioctx = await cluster.openIoCtx(pool)
    await poolInit(ioctx)
    await Image.create(ioctx, image, { size: 1 << 20, features: ['layering'] })
    await using disk = await Image.open(ioctx, image)
    await disk.write(Buffer.alloc(1 << 20, 1), { position: 0 })
  }
  const pid = Number(local.osds[0]?.pid)
  t.teardown(() => process.kill(pid, 'SIGCONT'))

  /** Runs a child; at each step it tells, does what `at` says. */
  const child = async (run: string, at: Record<string, () => void>) => {
    let text = ''
    const times: Record<string, number> = {}
    const result = await runChild(
      'dead.mjs',
      { run, confFile: local.confFile, pool, image },
      {
        deadlineMs: 60_000,
        onOutput: (piece) => {
          text += piece
          for (const { step } of lines(text.slice(0, text.lastIndexOf('\n') + 1))) {
            if (step === undefined || step in times) continue
            times[step] = performance.now()
            at[step]?.()
          }
        },
      },
    )
    const ended = performance.now()
    process.kill(pid, 'SIGCONT')
    return { ...result, lines: lines(result.stdout), since: (step: string) => ended - Number(times[step]) }
  }
  const stop = () => process.kill(pid, 'SIGSTOP')

  await t.test('process.exit with reads in flight is prompt', async (t) => {
    const { code, signal, hung, stderr, since } = await child('exit', { busy: stop })
    t.match({ code, signal, hung, stderr }, { code: 0, signal: null, hung: false, stderr: '' })
    t.ok(since('stuck') < 3000, `${Math.round(since('stuck'))} ms`)
  })

  await t.test('a natural end without close says what it waits for, and ends by the deadline', async (t) => {
    const { code, signal, hung, stderr, since } = await child('natural', { busy: stop })
    t.match({ code, signal, hung }, { code: 0, signal: null, hung: false }, stderr)
    const ms = since('busy')
    t.ok(ms < 1000 + 10_000, `${Math.round(ms)} ms`)
    if (ms > 4000) t.match(stderr, /^rbdkit: the end of this thread waits for closing of image image/)
  })

  await t.test('worker.terminate waits, says for whom, and ends once the OSD is back', async (t) => {
    const resume = () => process.kill(pid, 'SIGCONT')
    const { code, signal, hung, stderr, lines, since } = await child('terminate', {
      busy: stop,
      terminating: resume,
    })
    t.match({ code, signal, hung }, { code: 0, signal: null, hung: false }, stderr)
    t.match(
      stderr,
      /^rbdkit: the end of this thread waits for operations in flight of image image, pool dead, /,
    )
    const ticks = Number(lines.find(({ step }) => step === 'terminating')?.ticks)
    t.ok(ticks > 50, `the main thread lived on: ${ticks} turns of a 10 ms timer in 2.5 s`)
    t.ok(Number(lines.find(({ step }) => step === 'ended')?.ms) > 2400, 'it did wait')
    t.ok(since('terminating') < 15_000, `ended ${Math.round(since('terminating'))} ms after the OSD was back`)
  })

  await t.test('process.exit while a worker is being terminated ends by the deadline', async (t) => {
    const { code, signal, hung, stderr, since } = await child('exitWhileTerminating', { busy: stop })
    t.match({ code, signal, hung }, { code: 7, signal: null, hung: false }, stderr)
    t.match(stderr, /^rbdkit: the end of this thread waits for operations in flight/)
    t.ok(since('exiting') < 5000 + 5000, `${Math.round(since('exiting'))} ms`)
  })
})
