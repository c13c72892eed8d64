// Small objects, one promise an operation, beside what else there is. The memstore is the quickest OSD there is: what is
// left is the client.
import { smallBlocks } from '../metrics.mjs'
import { objectCount } from '../target.mjs'

const goal = (metric, bound) => ({ side: 'rbdkit-objects', metric, ...bound })

const objectCase = (operation, depth) => ({
  name: `objects-${operation}-${depth}`,
  title: `4 KiB ${operation}s of objects, depth ${depth}`,
  store: 'memstore',
  baseline: 'floor-objects',
  image: 'objects',
  sides: ['floor-objects', 'rbdkit-objects', 'python-rados', 'rados-bench'],
  metrics: smallBlocks,
  goals:
    depth === 32
      ? [
          goal('iops', { atLeast: 4, against: 'python-rados' }),
          goal('cpu', { atMost: 1.15 }),
          goal('cpuWarm', { atMost: 1.15 }),
        ]
      : [],
  pairs: 5,
  operation,
  pattern: 'random',
  blockSize: 4096,
  depth,
  objects: objectCount,
})

export const objects = ['read', 'write'].flatMap((operation) =>
  [1, 32, 256].map((depth) => objectCase(operation, depth)),
)
