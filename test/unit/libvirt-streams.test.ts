/** Streams of libvirt's that end before they have begun: what is below them is closed. No daemon shows that it is not. */

import { once } from 'node:events'
import t from 'tap'
import { BytesDuplex, BytesReader, BytesWriter, type StreamHandle } from '../../lib/libvirt/stream-handle.js'

t.test('a signal that is aborted while a stream opens closes it', async (t) => {
  let closed = 0
  const handle = { close: async () => void closed++ } as unknown as StreamHandle
  async function* nothing(): AsyncGenerator<Buffer, void> {}
  const signal = AbortSignal.abort()
  const make = [
    () => new BytesReader(handle, nothing, signal),
    () => new BytesWriter(handle, { sparse: false, length: undefined, signal }),
    () => new BytesDuplex(handle, signal),
  ]
  for (const open of make) {
    const [error] = (await once(open(), 'error')) as [Error]
    t.equal(error.name, 'AbortError')
  }
  t.equal(closed, make.length)
})

t.test('what nobody has read is closed when it is destroyed', async (t) => {
  let closed = 0
  const handle = { close: async () => void closed++ } as unknown as StreamHandle
  async function* nothing(): AsyncGenerator<Buffer, void> {}
  const reader = new BytesReader(handle, nothing, undefined)
  reader.destroy()
  await once(reader, 'close')
  t.equal(closed, 1)
})
