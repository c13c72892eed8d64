// 4 MiB reads and writes in order: bandwidth, and what a GiB costs.
import { sequentialGoals } from '../goals.mjs'
import { largeBlocks } from '../metrics.mjs'
import { sequential4m, usual } from './sides.mjs'

export const sequential = ['read', 'write'].map((operation) => ({
  name: `sequential-${operation}`,
  title: `4 MiB sequential ${operation}s of a filled image, depth 16`,
  store: 'bluestore',
  image: 'filled',
  sides: usual,
  metrics: largeBlocks,
  goals: sequentialGoals,
  ...sequential4m(operation, 16),
}))
