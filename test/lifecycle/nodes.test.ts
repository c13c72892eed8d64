/**
 * Node exports its own OpenSSL, and Ceph ends up on it: so each Node, and the messenger's secure mode on each.
 * `RBDKIT_LIFECYCLE=full` tries every step and ending, for hours.
 */
import t from 'tap'
import { nodeBinary } from '../helpers/node-versions.js'
import { dangerous, everything, full, tryAll } from './matrix.js'
import { testPool } from './pool.js'

t.setTimeout(full ? 4 * 3_600_000 : 900_000)
const place = await testPool()

for (const major of [20, 22, 24]) {
  for (const secure of [false, true]) {
    if (major === 20 && !secure && !full) continue // main-ends and workers-end
    await t.test(`Node ${major}, ${secure ? 'secure' : 'crc'} mode`, async (t) => {
      const node = await nodeBinary(major)
      await tryAll(t, { ...place, node, secure }, full ? everything : dangerous)
    })
  }
}
