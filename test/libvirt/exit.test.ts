/** Processes and workers that end with an open connection: the expected exit code, no signal, nothing on stderr. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { truncateSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { plainNode } from '../helpers/child.js'
import { randomName } from '../helpers/cluster.js'
import { echoDomain } from '../helpers/echo-guest.js'
import { sharedHypervisor } from '../helpers/hypervisor.js'
import { long } from '../helpers/long.js'
import { createVolume, openVolumes } from '../helpers/volumes.js'

t.setTimeout(420_000)

const library = JSON.stringify(new URL('../../dist/libvirt/index.js', import.meta.url).href)

/** Runs a script in a process of its own, which is killed if it has not ended in that time: its output says how far it was. */
async function run(
  script: string,
  limitMs = 120_000,
): Promise<{ code: number | null; signal: string | null; output: string }> {
  const prologue = `import { Connection } from ${library}\n`
  const [command, args] = plainNode(['--expose-gc', '--input-type=module', '-e', prologue + script])
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  child.stdout.on('data', (data) => {
    output += String(data)
  })
  child.stderr.on('data', (data) => {
    output += String(data)
  })
  const limit = setTimeout(() => child.kill('SIGKILL'), limitMs)
  const [code, signal] = await once(child, 'close')
  clearTimeout(limit)
  return { code, signal, output }
}

t.test('processes that end with an open connection, again and again', { timeout: 240_000 }, async (t) => {
  const { uri } = await sharedHypervisor()
  const open = `const c = await Connection.open(${JSON.stringify(uri)}); const d = await c.listDomains();`
  const scripts: Record<string, [script: string, code: number]> = {
    'process.exit()': [`${open} process.exit(7)`, 7],
    'process.exit() with calls in flight': [
      `${open} for (let i = 0; i < 20; i++) c.hostname().catch(() => {}); process.exit(7)`,
      7,
    ],
    'uncaught throw': [`${open} setImmediate(() => { throw new Error('expected') })`, 1],
    'the end of the script': [`${open} await c.hostname()`, 0],
    'garbage collection without close()': [
      `${open} for (let i = 0; i < 50; i++) { await c.listDomains(); await c.listStoragePools() }
      gc(); await new Promise((r) => setTimeout(r, 20)); gc(); console.log(await c.type()); await c.close()`,
      0,
    ],
  }
  for (const [name, [script, expected]] of Object.entries(scripts)) {
    const wrong: unknown[] = []
    for (let i = 0; i < (long ? 20 : 8); i += 4) {
      for (const result of await Promise.all([run(script), run(script), run(script), run(script)])) {
        const clean = expected === 1 ? /expected/.test(result.output) : /^(QEMU\n)?$/.test(result.output)
        if (result.code !== expected || result.signal !== null || !clean) wrong.push(result)
      }
    }
    t.strictSame(wrong, [], name)
  }
})

t.test('workers that end with an open connection, twenty times', async (t) => {
  const { uri } = await sharedHypervisor()
  const worker = JSON.stringify(`
    import { parentPort } from 'node:worker_threads'
    import(${library}).then(async ({ Connection }) => {
      const c = await Connection.open(${JSON.stringify(uri)})
      const domains = await c.listDomains()
      for (let i = 0; i < 20; i++) c.hostname().catch(() => {})
      parentPort.postMessage(domains.length)
    })`)
  const { code, signal, output } = await run(`
    import { Worker } from 'node:worker_threads'
    import { once } from 'node:events'
    const c = await Connection.open(${JSON.stringify(uri)})
    for (let i = 0; i < 20; i++) {
      const worker = new Worker(${worker}, { eval: true })
      await once(worker, 'message')
      await worker.terminate()
    }
    console.log(await c.type())
    await c.close()`)
  t.strictSame({ code, signal, output }, { code: 0, signal: null, output: 'QEMU\n' })
})

t.test('a worker that waits for a mute daemon can be terminated', { timeout: 60_000 }, async (t) => {
  const path = join(tmpdir(), `${randomName('rbdkit-mute')}.sock`)
  const server = createServer((socket) => socket.on('error', () => {}))
  server.listen(path)
  await once(server, 'listening')
  t.teardown(() => server.close())
  const worker = JSON.stringify(`
    import { parentPort } from 'node:worker_threads'
    import(${library}).then(({ Connection }) => {
      Connection.open('qemu+unix:///system?socket=${path}').catch(() => {})
      setTimeout(() => parentPort.postMessage('waiting'), 200)
    })`)
  const start = performance.now()
  const { code, signal } = await run(`
    import { Worker } from 'node:worker_threads'
    import { once } from 'node:events'
    const worker = new Worker(${worker}, { eval: true })
    await once(worker, 'message')
    await worker.terminate()`)
  t.strictSame({ code, signal }, { code: 0, signal: null })
  t.ok(performance.now() - start < 10_000)
})

t.test('workers that are terminated while libvirt keeps them waiting', { timeout: 240_000 }, async (t) => {
  const { uri } = await sharedHypervisor()
  const directory = t.testdir({
    'auth.conf': '[credentials-none]\n',
    'node.xml':
      "<node><auth><user password='hunter2'>admin</user></auth><cpu><arch>x86_64</arch></cpu></node>",
  })
  const { connection, pool } = await openVolumes(t)
  const name = randomName('vm')
  const domain = await connection.createDomain(echoDomain(name, directory))
  t.teardown(() => domain.destroy())
  const file = join(directory, 'large')
  writeFileSync(file, '')
  truncateSync(file, 4 * 2 ** 30)
  await createVolume(pool, 'large', 4 * 2 ** 30)

  const open = `const c = await Connection.open(${JSON.stringify(uri)})`
  const find = `${open}; const d = await c.domainByName('${name}')`
  const waiting: Record<string, string> = {
    'for a silent console': `${find}
      const console = await d.openConsole({ force: true })
      console.on('data', () => {}).on('error', () => {})
      ready()`,
    'for events': `${find}
      const all = [await c.events('domain', 'lifecycle'), await d.events('reboot'), await c.events('connection', 'close')]
      for (const events of all) events.next().catch(() => {})
      d.waitForState('shutoff').catch(() => {})
      ready()`,
    'for an answer': `
      Connection.open('test://${directory}/node.xml', {
        credentials: () => {
          ready()
          return new Promise(() => {})
        },
      }).catch(() => {})`,
    'for an upload': `${open}
      const volume = await (await c.storagePoolByName('${pool.name}')).volumeByName('large')
      volume.uploadFile('${file}', { onProgress: ready }).catch(() => {})`,
  }
  const workers = long ? 20 : 3
  for (const [what, script] of Object.entries(waiting)) {
    const worker = JSON.stringify(`
      import { parentPort } from 'node:worker_threads'
      const ready = () => parentPort.postMessage('ready')
      import(${library}).then(async ({ Connection }) => {${script}})`)
    const { code, signal, output } = await run(`
      import { Worker } from 'node:worker_threads'
      import { once } from 'node:events'
      process.env.LIBVIRT_AUTH_FILE = '${directory}/auth.conf'
      ${find}
      const events = await d.events('lifecycle')
      for (let i = 0; i < ${workers}; i++) {
        const worker = new Worker(${worker}, { eval: true })
        await once(worker, 'message')
        console.log('a worker waits')
        await worker.terminate()
        console.log('it has ended')
      }
      await d.suspend()
      console.log('told to suspend')
      console.log((await events.next()).value.event)
      await d.resume()
      await c.close()`)
    const expected = `${'a worker waits\nit has ended\n'.repeat(workers)}told to suspend\nsuspended\n`
    t.strictSame({ code, signal, output }, { code: 0, signal: null, output: expected }, what)
  }
})
