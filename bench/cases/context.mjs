// The same image through what else there is, for context: one or few runs, no goals.
import { smallBlocks } from '../metrics.mjs'
import { random4k, usual } from './sides.mjs'

export const context = ['read', 'write'].map((operation) => ({
  name: `context-${operation}`,
  title: `4 KiB random ${operation}s of a filled image, depth 32, with rbd bench and Python`,
  store: 'bluestore',
  image: 'filled',
  sides: [...usual, 'rbd-bench', 'python'],
  metrics: smallBlocks,
  goals: [],
  pairs: 3,
  ...random4k(operation, 32),
}))
