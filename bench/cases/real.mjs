// 4 KiB random reads and writes that an OSD carries out.
import { realGoals } from '../goals.mjs'
import { smallBlocks } from '../metrics.mjs'
import { random4k, usual } from './sides.mjs'

const depths = [1, 16, 32, 64]

export const real = ['read', 'write'].flatMap((operation) =>
  depths.map((depth) => ({
    name: `real-${operation}-${depth}`,
    title: `4 KiB random ${operation}s of a filled image, depth ${depth}`,
    store: 'bluestore',
    image: 'filled',
    sides: usual,
    metrics: smallBlocks,
    goals: realGoals,
    ...random4k(operation, depth),
  })),
)
