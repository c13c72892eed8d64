// Processes that work together: one watches an object, the other notifies and hears who answered.
// node examples/watch.mjs <pool>
import { Cluster } from 'rbdkit'

const pool = process.argv[2] ?? 'rbd'
const [here, there] = await Promise.all([Cluster.connect(), Cluster.connect()])
try {
  const ioctx = await here.openIoCtx(pool)
  await ioctx.createObject('board')
  const watch = await ioctx.watch('board', ({ payload }) => {
    console.log('heard:', String(payload))
    return Buffer.from(`pid ${process.pid}`)
  })

  const other = await there.openIoCtx(pool)
  const { replies, timedOut } = await other.notify('board', Buffer.from('who is there?'))
  for (const { payload } of replies) console.log('answer:', String(payload))
  console.log(timedOut.length, 'did not answer')

  await other.close()
  await watch.close()
  await ioctx.removeObject('board')
} finally {
  await here.close()
  await there.close()
}
