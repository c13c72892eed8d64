// The way in and out of librbd: reads that it answers from the object map, without the network.
import { overheadGoals, overheadOneGoals } from '../goals.mjs'
import { smallBlocks } from '../metrics.mjs'
import { random4k, usual } from './sides.mjs'

export const overhead = [32, 1].map((depth) => ({
  name: `overhead-${depth}`,
  title: `4 KiB random reads of an unallocated image, depth ${depth}`,
  store: 'memstore',
  image: 'unallocated',
  sides: usual,
  metrics: smallBlocks,
  goals: depth === 1 ? overheadOneGoals : overheadGoals,
  ...random4k('read', depth),
}))
