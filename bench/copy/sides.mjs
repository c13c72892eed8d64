// Who does it.
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { installed, output } from '../peers/run.mjs'
import { commands, shell } from './commands.mjs'

const local = (path) => fileURLToPath(new URL(path, import.meta.url))
const child = local('../children/copy.mjs')

const rbd = {
  name: 'rbd',
  label: 'rbd',
  missing: () => (installed('rbd', '--version') ? null : 'the package ceph-common'),
  version: () => output('rbd', '--version').split('\n')[0],
  command: (job) => job.commands?.rbd ?? commands[job.action].rbd(job),
}

/** What a program that measures itself prints. */
const told = (stdout) => (stdout.startsWith('{') ? JSON.parse(stdout) : {})

/** One whose command the case gives. */
const commanded = (name, label, version, missing) => ({
  name,
  label,
  missing,
  version,
  command: (job) => job.commands[name],
  own: (_, stdout) => told(stdout),
})

const rados = commanded(
  'rados',
  'rados',
  () => output('rados', '--version').split('\n')[0],
  () => (installed('rados', '--version') ? null : 'the package ceph-common'),
)
const virsh = commanded(
  'virsh',
  'virsh',
  () => `virsh ${output('virsh', '--version').trim()}`,
  () => (installed('virsh', '--version') ? null : 'the package libvirt-clients'),
)
const pythonLibvirt = (how) =>
  commanded(
    `python-${how}`,
    `Python, ${how}`,
    () =>
      `libvirt-python ${output('/usr/bin/python3', '-c', 'import libvirt; print(libvirt.getVersion())').trim()}`,
    () => (installed('/usr/bin/python3', '-c', 'import libvirt') ? null : 'the package python3-libvirt'),
  )

const qemuImg = {
  name: 'qemu-img',
  label: 'qemu-img',
  missing: () => (installed('qemu-img', '--version') ? null : 'the packages qemu-utils and qemu-block-extra'),
  version: () => output('qemu-img', '--version').split('\n')[0],
  command: (job) => commands[job.action]['qemu-img'](job),
}

const floor = {
  name: 'floor',
  label: 'bare loop',
  missing: () => (existsSync(local('../../.rbdkit/floor-copy')) ? null : 'scripts/bench.sh, which builds it'),
  version: () => 'bench/floor/copy.cc',
  command: (job) => commands[job.action].floor(job),
  own: (_, stdout) => (stdout === '' ? {} : { copySeconds: JSON.parse(stdout).seconds }),
}

const rbdkit = {
  name: 'rbdkit',
  label: 'rbdkit',
  missing: () => null,
  version: () => `Node ${process.version}`,
  command(job) {
    if (job.commands !== undefined) return job.commands.rbdkit
    const words = [process.execPath, child, JSON.stringify(job)]
    return job.pipe === undefined ? words : shell(`${job.pipe.before} "$@" ${job.pipe.after}`, ...words)
  },
  own: ({ report }, stdout) =>
    report === undefined ? told(stdout) : JSON.parse(readFileSync(report, 'utf8')),
}

/** rbdkit without what a case is about. */
const ordinary = {
  ...rbdkit,
  name: 'ordinary',
  label: 'rbdkit, ordinary copy',
  command: ({ options: _, ...job }) => rbdkit.command(job),
}

/** In the order in which they run and are told; goals compare the last with the others. */
export const sides = new Map(
  [rbd, rados, virsh, pythonLibvirt('loop'), pythonLibvirt('bulk'), qemuImg, floor, ordinary, rbdkit].map(
    (side) => [side.name, side],
  ),
)
