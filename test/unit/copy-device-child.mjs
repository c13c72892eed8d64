// Copies its first argument to its second, a device, slowly; writes a line when some of it has been written.
import { copy } from 'rbdkit'

const [from, to] = process.argv.slice(2)
let said = false
await copy(
  { file: from },
  { file: to },
  {
    replace: true,
    bandwidthLimit: 8 * 1024 * 1024,
    onProgress: ({ bytesDone }) => {
      if (!said && bytesDone >= 8 * 1024 * 1024) process.stdout.write('under way\n')
      said ||= bytesDone >= 8 * 1024 * 1024
    },
  },
)
