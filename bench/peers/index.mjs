import { fio } from './fio.mjs'
import { floorObjects, pythonRados, radosBench, rbdkitObjects } from './objects.mjs'
import { pythonRbd } from './python.mjs'
import { rbdBench } from './rbd-bench.mjs'
import { rbdkitEngine } from './rbdkit-engine.mjs'
import { rbdkitPromises } from './rbdkit-promises.mjs'

/** All sides by name; what the others are compared with comes first. */
export const peers = new Map(
  [
    ...[fio, rbdkitPromises, rbdkitEngine, rbdBench, pythonRbd],
    ...[floorObjects, rbdkitObjects, pythonRados, radosBench],
  ].map((peer) => [peer.name, peer]),
)
export const baseline = fio.name
