// Who copies, and by which command. An end of a copy is `{ file }` or `{ conf, pool, image }`.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { installed, lastLine, output } from '../peers/run.mjs'

const local = (path) => fileURLToPath(new URL(path, import.meta.url))
const child = local('../children/copy.mjs')
const floorProgram = local('../../.rbdkit/floor-copy')
const compareProgram = local('../../.rbdkit/floor-compare')

const isFile = (end) => end.file !== undefined
const imageSpec = ({ pool, image }) => `${pool}/${image}`

/** The shell's `"$1"`, `"$2"`, ... are the words after the script. Any command of a pipe that fails fails it. */
const shell = (script, ...words) => ['bash', '-o', 'pipefail', '-ec', script, 'bash', ...words]

const rbd = {
  name: 'rbd',
  label: 'rbd',
  missing: () => (installed('rbd', '--version') ? null : 'the package ceph-common'),
  version: () => output('rbd', '--version').split('\n')[0],
  command(from, to) {
    if (isFile(from)) return ['rbd', '-c', to.conf, 'import', '--no-progress', from.file, imageSpec(to)]
    if (isFile(to)) {
      // a copy is done when it is durable
      const script = 'rbd -c "$1" export --no-progress "$2" "$3"; sync "$3"'
      return shell(script, from.conf, imageSpec(from), to.file)
    }
    if (from.conf === to.conf) {
      return ['rbd', '-c', from.conf, 'cp', '--no-progress', imageSpec(from), imageSpec(to)]
    }
    const script = 'rbd -c "$1" export --no-progress "$2" - | rbd -c "$3" import --no-progress - "$4"'
    return shell(script, from.conf, imageSpec(from), to.conf, imageSpec(to))
  },
}

const qemuName = (end) => (isFile(end) ? end.file : `rbd:${imageSpec(end)}:conf=${end.conf}`)

const qemuImg = {
  name: 'qemu-img',
  label: 'qemu-img convert',
  missing: () => (installed('qemu-img', '--version') ? null : 'the packages qemu-utils and qemu-block-extra'),
  version: () => output('qemu-img', '--version').split('\n')[0],
  command(from, to) {
    const convert = 'qemu-img convert -f raw -O raw -t none -T none -m 16 -W "$1" "$2"'
    const script = isFile(to) ? `${convert}; sync "$2"` : convert
    return shell(script, qemuName(from), qemuName(to))
  },
}

const floorName = ({ file, conf, pool, image }) =>
  file === undefined ? `image:${conf}:${pool}:${image}` : `file:${file}`

const floor = {
  name: 'floor',
  label: 'bare loop',
  missing: () => (existsSync(floorProgram) ? null : 'scripts/bench.sh, which builds it'),
  version: () => 'bench/floor/copy.cc',
  command: (from, to) => [floorProgram, floorName(from), floorName(to)],
  own: (stdout) => ({ copySeconds: JSON.parse(stdout).seconds }),
}

const rbdkit = {
  name: 'rbdkit',
  label: 'rbdkit, copy()',
  missing: () => null,
  version: () => `Node ${process.version}`,
  command: (from, to) => [process.execPath, child, JSON.stringify({ from, to })],
  own: lastLine,
}

/** In the order in which they run and are told; goals compare the last with the others. */
export const sides = new Map([rbd, qemuImg, floor, rbdkit].map((side) => [side.name, side]))

/** Throws unless both ends have the same bytes. */
export function compareEnds(a, b) {
  execFileSync(compareProgram, [floorName(a), floorName(b)], { stdio: 'pipe' })
}
