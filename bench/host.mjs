// What a figure depends on and a reader must know: the machine, and the versions of everything.
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, release, totalmem } from 'node:os'
import { versions } from 'rbdkit'
import { placement } from './placement.mjs'

function rbdkitVersion() {
  return JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version
}

export function host(clientCores) {
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryMiB: Math.round(totalmem() / 2 ** 20),
    kernel: release(),
    placement: placement(clientCores),
  }
}

export function softwareVersions(cephVersion) {
  return { rbdkit: rbdkitVersion(), node: process.versions.node, ceph: cephVersion, ...versions() }
}
