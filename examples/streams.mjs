// A file into an image and back, through ordinary Node streams: here compressed on the way out.
// node examples/streams.mjs <pool> <file> <copy.gz>
import { createReadStream, createWriteStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { Cluster, Image } from 'rbdkit'

const [pool, file, copy] = process.argv.slice(2)
const cluster = await Cluster.connect()
try {
  const ioctx = await cluster.openIoCtx(pool)
  const { size } = await stat(file)
  await Image.create(ioctx, 'stream', { size })
  const image = await Image.open(ioctx, 'stream')
  await pipeline(createReadStream(file), image.createWriteStream())
  await pipeline(image.createReadStream({ start: 0, end: size - 1 }), createGzip(), createWriteStream(copy))
  console.log(`${size} bytes`)
  await image.close()
  await Image.remove(ioctx, 'stream')
} finally {
  await cluster.close()
}
