// Many promises at once: timers and sockets must get their turn all the same.
import { loopDelayGoals } from '../goals.mjs'
import { smallBlocks } from '../metrics.mjs'
import { random4k } from './sides.mjs'

const depth = 256

/** Answered at once is the harder of the two: completions come faster than they can be settled. */
export const loop = [
  { name: 'loop-overhead', image: 'unallocated', store: 'memstore' },
  { name: 'loop-real', image: 'filled', store: 'bluestore' },
].map((where) => ({
  ...where,
  title: `4 KiB random reads of ${where.image === 'filled' ? 'a filled' : 'an unallocated'} image, depth ${depth}: the event loop`,
  sides: ['fio', 'rbdkit-promises'],
  metrics: smallBlocks,
  goals: loopDelayGoals,
  pairs: 5,
  ...random4k('read', depth),
}))
