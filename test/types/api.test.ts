/**
 * What the compiler makes of the public API. `npm run check` compiles this file; the assertions are its types, and
 * each `@ts-expect-error` is a mistake that must not compile.
 */

import type { CreateReadStreamOptions, CreateWriteStreamOptions, FileHandle } from 'node:fs/promises'
import type { Readable, Writable } from 'node:stream'
import {
  type BenchProgress,
  type BenchResult,
  bench,
  type CopyProgress,
  type CopyResult,
  copy,
  Image,
  type IoCtx,
  type Job,
  type SnapshotInfo,
} from 'rbdkit'
import { LocalCluster } from 'rbdkit/dev'
import { type Connection, type Domain, xml } from 'rbdkit/libvirt'
import t from 'tap'
import ts from 'typescript'
import { root } from '../helpers/package.js'

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

/** Compiles only when the type argument is `true`. */
function holds<_T extends true>(): void {}

/** Never called: it is there to be compiled. */
export async function compiled(ioctx: IoCtx, image: Image, virt: Connection): Promise<void> {
  const job = copy({ file: 'a' }, { ioctx, image: 'b' })
  holds<Equal<typeof job, Job<CopyProgress, CopyResult>>>()
  const result = await job
  holds<Equal<typeof result, CopyResult>>()
  for await (const progress of job) holds<Equal<typeof progress, CopyProgress>>()

  const run = bench([image], { operation: 'readwrite', distribution: { zipf: 1.1 }, destructive: true })
  holds<Equal<typeof run, Job<BenchProgress, BenchResult>>>()
  holds<Equal<Awaited<typeof run>['jobs'][0]['read']['lat_ns']['percentile'], Record<string, number>>>()

  const fresh = await image.read({ position: 0n, length: 1 })
  holds<Equal<typeof fresh.bytesRead, number>>()
  const given = await image.read({ buffer: new Float32Array(1), position: 0 })
  holds<Equal<typeof given.buffer, Float32Array<ArrayBuffer>>>()

  // What a library may call on a `FileHandle`; its streams differ: they are Node's `Readable` and `Writable`.
  const view: Pick<
    FileHandle,
    | 'read'
    | 'write'
    | 'readv'
    | 'writev'
    | 'readFile'
    | 'writeFile'
    | 'stat'
    | 'truncate'
    | 'sync'
    | 'datasync'
    | 'readableWebStream'
    | 'close'
    | typeof Symbol.asyncDispose
  > & {
    createReadStream(options?: CreateReadStreamOptions): Readable
    createWriteStream(options?: CreateWriteStreamOptions): Writable
  } = image.fileHandle()
  holds<Equal<Awaited<ReturnType<typeof view.readFile>>, string | Buffer<ArrayBuffer>>>()

  holds<Equal<SnapshotInfo['id'], bigint>>()
  holds<Equal<SnapshotInfo['size'], number>>()
  holds<Equal<Awaited<ReturnType<typeof virt.defineDomain>>, Domain>>()
  holds<Equal<ReturnType<typeof xml.secret>, string>>()
  const disposable: AsyncDisposable[] = [ioctx, image, virt, ioctx.cluster, image.fileHandle()]
  disposable.push(await LocalCluster.start())

  // @ts-expect-error: a handle comes from `open`
  new Image()
  // @ts-expect-error: a new image has a size
  await Image.create(ioctx, 'a', {})
  // @ts-expect-error: a position is a number or a bigint
  await image.read({ position: '0', length: 1 })
  // @ts-expect-error: a lock is exclusive or shared
  await image.acquireLock('mine')
  // @ts-expect-error: a destination is a file or an image
  copy({ file: 'a' }, { ioctx })
  // @ts-expect-error: the source is one or the other
  copy({}, { file: 'b' })
  // @ts-expect-error: there is no such operation
  bench(image, { operation: 'erase' })
  // @ts-expect-error: usage types are libvirt's
  xml.secret({ usage: { type: 'cepf', name: 'x' } })
  // @ts-expect-error: there is no such object store
  await LocalCluster.start({ objectstore: 'filestore' })
}

t.test('the public API has the types that it is meant to have', async (t) => {
  const { config } = ts.readConfigFile(`${root}tsconfig.json`, ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root)
  const program = ts.createProgram([`${root}test/types/api.test.ts`], { ...options, noEmit: true })
  const messages = ts.getPreEmitDiagnostics(program).map(({ messageText, start, file }) => {
    const line = file && start !== undefined ? file.getLineAndCharacterOfPosition(start).line + 1 : 0
    return `${file?.fileName.slice(root.length)}:${line}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`
  })
  t.same(messages, [])
})
