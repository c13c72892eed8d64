// By which commands the other tools do it. An end of a copy is `{ file }` or `{ conf, pool, image }`.
import { fileURLToPath } from 'node:url'

const floorCopy = fileURLToPath(new URL('../../.rbdkit/floor-copy', import.meta.url))

const isFile = (end) => end.file !== undefined
const imageSpec = ({ pool, image, snapshot }) =>
  snapshot === undefined ? `${pool}/${image}` : `${pool}/${image}@${snapshot}`
const qemuName = (end) => (isFile(end) ? end.file : `rbd:${imageSpec(end)}:conf=${end.conf}`)

/** As the programs of bench/floor name an end. */
export const floorName = (end) =>
  isFile(end) ? `file:${end.file}` : `image:${end.conf}:${end.pool}:${end.image}`

const existing = ({ conf, pool, image }) => `existing:${conf}:${pool}:${image}`

/** The shell's `"$1"`, `"$2"`, ... are the words after the script. Any command of a pipe that fails fails it. */
export const shell = (script, ...words) => ['bash', '-o', 'pipefail', '-ec', script, 'bash', ...words]

function rbdCopy({ from, to }) {
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
}

function qemuCopy({ from, to }) {
  const format = from.format ?? 'raw'
  const convert = `qemu-img convert -f ${format} -O raw -t none -T none -m 16 -W "$1" "$2"`
  return shell(isFile(to) ? `${convert}; sync "$2"` : convert, qemuName(from), qemuName(to))
}

/** What is done, by each side that can: from a job to the words of a command. */
export const commands = {
  copy: {
    rbd: rbdCopy,
    'qemu-img': qemuCopy,
    // Of a qcow2 image it has the raw disk.
    floor: ({ from, data, to }) => [
      floorCopy,
      floorName(data === undefined ? from : { file: data }),
      floorName(to),
    ],
  },
  /** Both are images. */
  deepCopy: {
    rbd: ({ from, to }) => [
      'rbd',
      '-c',
      from.conf,
      'deep',
      'cp',
      '--no-progress',
      imageSpec(from),
      imageSpec(to),
    ],
  },
  /** `from` is an image, `to` a file. */
  compare: {
    rbd: ({ from, to }) =>
      shell('rbd -c "$1" export --no-progress "$2" - | cmp - "$3"', from.conf, imageSpec(from), to.file),
    'qemu-img': ({ from, to }) =>
      shell('qemu-img compare -f raw -F raw -T none "$1" "$2"', qemuName(from), qemuName(to)),
  },
  /** `from` is a file that comes through a pipe, `to` an image. */
  copyPipe: {
    rbd: ({ from, to }) =>
      shell('cat "$1" | rbd -c "$2" import --no-progress - "$3"', from.file, to.conf, imageSpec(to)),
    floor: ({ from, to, bytes }) =>
      shell('cat "$1" | "$2" "$3" "$4"', from.file, floorCopy, `pipe:${bytes}`, floorName(to)),
  },
  /** `from` is a snapshot, `to` a file. The bare loop has the data alone, in these and in those that follow. */
  exportDiff: {
    rbd: ({ from, to }) =>
      shell(
        'rbd -c "$1" export-diff --no-progress "$2" "$3"; sync "$3"',
        from.conf,
        imageSpec(from),
        to.file,
      ),
    floor: ({ from, to }) => [floorCopy, floorName(from), floorName(to)],
  },
  exportDiffPipe: {
    rbd: ({ from, to }) =>
      shell(
        'rbd -c "$1" export-diff --no-progress "$2" - | cat > "$3"; sync "$3"',
        ...[from.conf, imageSpec(from), to.file],
      ),
    floor: ({ from, to, bytes }) =>
      shell(
        '"$1" "$2" "$3" | cat > "$4"; sync "$4"',
        ...[floorCopy, floorName(from), `pipe:${bytes}`, to.file],
      ),
  },
  /** `from` is a file, `to` an image that is there. */
  importDiff: {
    rbd: ({ from, to }) => ['rbd', '-c', to.conf, 'import-diff', '--no-progress', from.file, imageSpec(to)],
    floor: ({ data, to }) => [floorCopy, floorName({ file: data }), existing(to)],
  },
  importDiffPipe: {
    rbd: ({ from, to }) =>
      shell('cat "$1" | rbd -c "$2" import-diff --no-progress - "$3"', from.file, to.conf, imageSpec(to)),
    floor: ({ data, to, bytes }) =>
      shell('cat "$1" | "$2" "$3" "$4"', data, floorCopy, `pipe:${bytes}`, existing(to)),
  },
  /** `diffs` are two, `to` a file. */
  mergeDiffs: {
    rbd: ({ diffs, to }) =>
      shell('rbd merge-diff --no-progress "$1" "$2" "$3"; sync "$3"', ...diffs, to.file),
  },
  /** The first diff comes from a pipe, and the merged one goes into one. */
  mergePipes: {
    rbd: ({ diffs, to }) =>
      shell('cat "$1" | rbd merge-diff --no-progress - "$2" - | cat > "$3"; sync "$3"', ...diffs, to.file),
  },
}
