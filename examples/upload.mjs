// A service that takes disks and gives them back: PUT /name makes an image of the body, GET /name sends it.
// node examples/upload.mjs <pool> [port]
import { once } from 'node:events'
import { createServer } from 'node:http'
import { Cluster, copy, Image } from 'rbdkit'

const [pool, port = '0'] = process.argv.slice(2)
const cluster = await Cluster.connect()
const ioctx = await cluster.openIoCtx(pool)

const server = createServer(async (req, res) => {
  const image = decodeURIComponent(req.url.slice(1))
  try {
    if (req.method === 'GET') {
      const disk = await Image.open(ioctx, image, { readOnly: true })
      res.setHeader('content-length', await disk.size())
      await disk.close()
      await copy({ ioctx, image }, res)
    } else {
      const { bytes, digest } = await copy(req, { ioctx, image })
      res.writeHead(201).end(`${bytes} bytes, ${digest}\n`)
    }
  } catch (error) {
    if (res.headersSent) return // a download that is cut off, as the client will see
    const status = { EEXIST: 409, ENOENT: 404, ENOSPC: 507, EDQUOT: 507 }[error.code] ?? 500
    res.writeHead(status, { connection: 'close' }).end(`${error.code}\n`)
  }
})

server.listen(Number(port), '127.0.0.1')
await once(server, 'listening')
console.log(`http://127.0.0.1:${server.address().port}`)
await once(process, 'SIGTERM')
server.close()
server.closeIdleConnections()
await once(server, 'close')
await cluster.close()
