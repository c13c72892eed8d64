/**
 * Node exports its own OpenSSL, and Ceph ends up on it: so each Node, and the messenger's secure mode on each.
 * The long run tries every step and ending, for hours; the usual one what has crashed before, and secure mode on the
 * oldest and on the newest.
 */
import t from 'tap'
import { long } from '../helpers/long.js'
import { nodeBinary } from '../helpers/node-versions.js'
import { dangerous, everything, tryAll } from './matrix.js'
import { testPool } from './pool.js'

t.setTimeout(long ? 4 * 3_600_000 : 900_000)
const place = await testPool()

for (const major of [20, 22, 24]) {
  for (const secure of [false, true]) {
    if (major === 20 && !secure && !long) continue // main-ends and workers-end
    if (major === 22 && secure && !long) continue
    await t.test(`Node ${major}, ${secure ? 'secure' : 'crc'} mode`, async (t) => {
      const node = await nodeBinary(major)
      await tryAll(t, { ...place, node, secure }, long ? everything : dangerous)
    })
  }
}
