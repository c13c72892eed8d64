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
  await image.locks.acquire('mine')
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

/** What a user writes with streams; `Readable` and `Writable` are Node's, the others whatever the global ones are. */
const streams = `
import type { Readable, Writable } from 'node:stream'
import type * as web from 'node:stream/web'
import {
  applyDiff, copy, type DiffInput, type DiffOutput, exportDiff, exportImage, importDiff, importImage, inspectDiff,
  type IoCtx, mergeDiffs, type StreamDestination, type StreamSource,
} from 'rbdkit'
export async function use(ioctx: IoCtx, from: Readable, to: Writable, signal: AbortSignal): Promise<void> {
  const webFrom = new Blob(['x']).stream()
  const webTo = new WritableStream<Uint8Array>()
  const inputs: DiffInput[] = [from, webFrom, { stream: from, size: 1n }, { stream: webFrom }, { fd: 0 }, { file: 'a' }]
  const outputs: DiffOutput[] = [to, webTo, { fd: 1 }, { file: 'a' }]
  const both: [StreamSource, StreamDestination] = [{ stream: {} as web.ReadableStream<Uint8Array> }, webTo]
  const image = { ioctx, image: 'a' }
  for (const input of inputs) {
    for (const output of outputs) await mergeDiffs([input, input], output, { signal })
    await Promise.all([importDiff(input, image), applyDiff(input, { file: 'a' }), inspectDiff(input), importImage(input, image)])
  }
  for (const output of outputs) await Promise.all([exportDiff(image, output), exportImage(image, output)])
  await Promise.all([copy(from, to), copy(webFrom, webTo), copy(...both)])
  // @ts-expect-error: text is not bytes
  exportDiff(image, new WritableStream<string>())
}
`

t.test('streams have types in projects with and without those of the DOM', async (t) => {
  const { config } = ts.readConfigFile(`${root}tsconfig.json`, ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root)
  const file = `${root}test/types/streams.ts`
  for (const dom of [[], ['lib.dom.d.ts', 'lib.dom.iterable.d.ts']]) {
    const lib = ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts', ...dom]
    const set = { ...options, noEmit: true, lib, types: ['node'], skipLibCheck: false }
    const host = ts.createCompilerHost(set)
    const { getSourceFile } = host
    host.getSourceFile = (name, language, ...rest) =>
      name === file
        ? ts.createSourceFile(name, streams, language, true)
        : getSourceFile.call(host, name, language, ...rest)
    const program = ts.createProgram([file], set, host)
    // Not those of Node and of the language: that takes a minute.
    const ours = program
      .getSourceFiles()
      .filter(({ fileName }) => /^(dist|test)\//.test(fileName.slice(root.length)))
    t.ok(ours.length > 10)
    const found = ours.flatMap((source) => program.getSemanticDiagnostics(source))
    const messages = found.map(({ messageText, file, start = 0 }) => {
      const line = file ? file.getLineAndCharacterOfPosition(start).line + 1 : 0
      return `${file?.fileName}:${line}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`
    })
    t.same(messages, [], dom.length === 0 ? 'without' : 'with')
  }
})
