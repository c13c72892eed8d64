/** The upload service of examples/upload.mjs and docs/guide/copy.md, as it is, with clients that go away. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { copy } from 'rbdkit'
import t from 'tap'
import { plainNode } from '../../helpers/child.js'
import { root } from '../../helpers/package.js'
import { contentOf, imageNames, makeSparse, mib, openPool, settledNames } from './fixture.js'

const example = join(root, 'examples', 'upload.mjs')

t.test('the guide shows the example', (t) => {
  const [handler = 'none'] = /^const server = [\s\S]*?^\}\)\n/m.exec(readFileSync(example, 'utf8')) ?? []
  t.ok(readFileSync(join(root, 'docs/guide/copy.md'), 'utf8').includes(`\`\`\`js\n${handler}\`\`\`\n`))
  t.end()
})

/** Its address, when it listens. */
async function addressOf(service: ChildProcess): Promise<string> {
  const [line] = (await once(service.stdout?.setEncoding('utf8') as never, 'data')) as [string]
  return line.trim()
}

t.test('a disk is uploaded and downloaded; what breaks off leaves no image', async (t) => {
  const { ioctx, test } = await openPool(t)
  const from = join(t.testdir(), 'from')
  makeSparse(from, 41 * mib + 512, [
    [0, 5],
    [3 * mib, 9 * mib],
    [40 * mib, mib + 512],
  ])
  const content = readFileSync(from)
  const [command, args] = plainNode([example, ioctx.pool])
  const service = spawn(command, args, {
    env: { ...process.env, CEPH_CONF: test.confFile },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(() => service.kill())
  const url = await addressOf(service)
  const put = (name: string, body: Buffer) => fetch(`${url}/${name}`, { method: 'PUT', body })

  const first = await put('disk', content)
  t.match(await first.text(), /^42992128 bytes, crc32c:[0-9a-f]{8}\n$/)
  t.equal(first.status, 201)
  t.ok((await contentOf(ioctx, 'disk')).equals(content))
  const again = await put('disk', content)
  t.same([again.status, await again.text()], [409, 'EEXIST\n'])
  const back = await fetch(`${url}/disk`)
  t.equal(back.headers.get('content-length'), String(content.length))
  t.ok(Buffer.from(await back.arrayBuffer()).equals(content))
  const missing = await fetch(`${url}/none`)
  t.same([missing.status, await missing.text()], [404, 'ENOENT\n'])

  const { hostname, port } = new URL(url)
  const cut = request({ hostname, port, path: '/cut', method: 'PUT' })
  cut.on('error', () => {}).write(content.subarray(0, 12 * mib))
  while ((await imageNames(ioctx)).length < 2) await sleep(20)
  cut.destroy()
  while ((await imageNames(ioctx)).length > 1) await sleep(20)
  t.same(await settledNames(ioctx), ['disk'], 'it is gone again')

  service.kill()
  t.same(await once(service, 'close'), [0, null], 'and the service ends')
})

t.test('compressed out of an image and into one; a stream of the wrong size', async (t) => {
  const { ioctx } = await openPool(t)
  const from = join(t.testdir(), 'from')
  makeSparse(from, 9 * mib, [[5 * mib + 77, 3 * mib]])
  const { digest } = await copy({ file: from }, { ioctx, image: 'a' })
  const [gzip, gunzip] = [createGzip({ level: 1 }), createGunzip()]
  const [, , result] = await Promise.all([
    copy({ ioctx, image: 'a' }, gzip),
    pipeline(gzip, gunzip),
    copy({ stream: gunzip, size: 9 * mib }, { ioctx, image: 'b' }, { verify: 'osd' }),
  ])
  t.equal(result.digest, digest)
  t.ok((await contentOf(ioctx, 'b')).equals(readFileSync(from)))

  const short = new PassThrough()
  short.end(Buffer.alloc(5 * mib, 'x'))
  const job = copy({ stream: short, size: 9 * mib }, { ioctx, image: 'c' })
  await t.rejects(job.then(), { code: 'ERR_SOURCE_CHANGED', message: /ended after 5242880 of 9437184 bytes/ })
  t.same(await settledNames(ioctx), ['a', 'b'])
})
