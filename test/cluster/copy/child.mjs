/** Copies as its argument says, a JSON; says `copying` when data moves and `done` at the end. Made to be killed. */
import { Cluster, copy, importImage } from 'rbdkit'

const { confFile, keyring, pool, source, destination, options } = JSON.parse(process.argv[2])
const cluster = await Cluster.connect({ confFile, keyring })
const ioctx = await cluster.openIoCtx(pool)
const end = (e) => ('file' in e ? e : { ioctx, ...e })
const job = source.stream
  ? importImage({ file: source.stream }, end(destination))
  : copy(end(source), end(destination), options)
let said = false
for await (const p of job) {
  if (!said && p.phase === 'copy' && p.bytesDone > 0) process.stdout.write('copying\n')
  said ||= p.phase === 'copy' && p.bytesDone > 0
}
const result = await job
await cluster.close()
process.stdout.write(`${JSON.stringify(result)}\n`)
