// The way in and out of librbd: reads that it answers from the object map, without the network.
import { overheadGoals, overheadOneGoals } from '../goals.mjs'
import { smallBlocks } from '../metrics.mjs'
import { random4k, usual } from './sides.mjs'

const unallocated = (depth) => ({
  name: `overhead-${depth}`,
  title: `4 KiB random reads of an unallocated image, depth ${depth}`,
  store: 'memstore',
  image: 'unallocated',
  sides: usual,
  metrics: smallBlocks,
  goals: depth === 1 ? overheadOneGoals : overheadGoals,
  ...random4k('read', depth),
})

/**
 * With two cores, one at a time measures where the scheduler puts the next thread: a wake-up across cores costs more
 * than all the rest, and whole runs of any side have it or not. On one core nobody has it.
 */
const oneCore = {
  ...unallocated(1),
  name: 'overhead-1-core',
  title: '4 KiB random reads of an unallocated image, depth 1, client on one core',
  cores: 1,
}

export const overhead = [unallocated(32), unallocated(1), oneCore]
