/** Node has a zlib, and since 22 a zstd, of its own in the process: the addon's are others, on every Node. */

import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { nodeBinary } from '../helpers/node-versions.js'
import { root } from '../helpers/package.js'
import { convertToQcow2 } from '../helpers/qcow2.js'

const exec = promisify(execFile)
t.setTimeout(300_000)

/** Copies while Node's zlib works; prints the digests. */
const program = `
  import { gunzipSync, gzipSync } from 'node:zlib'
  import { copy } from ${JSON.stringify(join(root, 'dist/index.js'))}
  const [raw, ...images] = process.argv.slice(1)
  const text = Buffer.from('as Node does it '.repeat(50_000))
  const jobs = [raw, ...images].map((file) => copy({ file }, { file: file + '.' + process.versions.node }))
  for (let i = 0; i < 5; i++) if (!gunzipSync(gzipSync(text)).equals(text)) throw new Error('zlib')
  const digests = await Promise.all(jobs.map(async (job) => (await job).digest))
  console.log(process.versions.node, new Set(digests).size, digests[0])`

for (const major of [20, 22, 24]) {
  t.test(`Node ${major}`, async (t) => {
    const directory = t.testdir()
    const raw = join(directory, 'disk.raw')
    const content = Buffer.alloc(8 * 1024 * 1024)
    for (let at = 0; at < content.length; at += 200_000) content.fill(`at ${at}; `, at, at + 150_000)
    writeFileSync(raw, content)
    const images = ['zlib', 'zstd'].map((name) => join(directory, `${name}.qcow2`))
    for (const image of images) {
      convertToQcow2(raw, image, ['-c'], `compression_type=${image.includes('zstd') ? 'zstd' : 'zlib'}`)
    }
    const node = await nodeBinary(major)
    const args = ['--input-type=module', '-e', program, raw, ...images]
    const [version, digests, digest] = (await exec(node, args)).stdout.trim().split(' ')
    t.match(version, new RegExp(`^${major}\\.`))
    t.equal(digests, '1', 'all three have one digest')
    t.match(digest, /^crc32c:[0-9a-f]{8}$/)
    for (const file of images) t.ok(readFileSync(`${file}.${version}`).equals(content), file)
  })
}
