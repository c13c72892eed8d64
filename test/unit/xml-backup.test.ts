/** Documents of backups and checkpoints: what is in them, and what is refused. */

import { xml } from 'rbdkit/libvirt'
import t from 'tap'

t.test('backups', async (t) => {
  const pushed = xml.parse(
    xml.backup({ incremental: 'one', disks: [{ target: 'vda', path: '/b/"x">.raw', format: 'raw' }] }),
  )
  t.equal(pushed.attribute('mode'), 'push')
  t.equal(pushed.find('incremental')?.text, 'one')
  const disk = pushed.find('disks')?.find('disk')
  t.equal(disk?.attribute('name'), 'vda')
  t.equal(disk?.find('target')?.attribute('file'), '/b/"x">.raw')
  t.equal(disk?.find('driver')?.attribute('type'), 'raw')
  const pulled = xml.parse(
    xml.backup({
      mode: 'pull',
      server: { host: '::1', port: 10_809 },
      disks: [{ target: 'vdb', path: '/s', exportName: 'e' }],
    }),
  )
  t.match(Object.fromEntries(pulled.find('server')?.attributes ?? []), {
    transport: 'tcp',
    name: '::1',
    port: '10809',
  })
  const served = pulled.find('disks')?.find('disk')
  t.equal(served?.attribute('exportname'), 'e')
  t.equal(served?.find('scratch')?.attribute('file'), '/s')
  t.equal(served?.find('driver'), undefined)

  const refused = (disk: object, more: object = {}): void => {
    const options = { disks: [{ target: 'vda', ...disk }], ...more } as Parameters<typeof xml.backup>[0]
    t.throws(() => xml.backup(options), { code: 'ERR_INVALID_ARG_VALUE' })
  }
  refused({ target: "vda'/><x" })
  refused({ path: 'relative' })
  refused({ path: '/a\nb' })
  refused({ format: 'vmdk' })
  refused({ exportName: 'a b' })
  refused({}, { mode: 'both' })
  refused({}, { incremental: 'a/b' })
  refused({}, { server: { socket: 'relative' } })
})

t.test('checkpoints', async (t) => {
  const made = xml.parse(xml.checkpoint({ name: 'one', disks: ['vda', 'vdb'] }))
  t.equal(made.find('name')?.text, 'one')
  const disks = made.find('disks')?.elements('disk') ?? []
  t.strictSame(
    disks.map((disk) => [disk.attribute('name'), disk.attribute('checkpoint')]),
    [
      ['vda', 'bitmap'],
      ['vdb', 'bitmap'],
    ],
  )
  t.equal(xml.parse(xml.checkpoint({ name: 'all' })).find('disks'), undefined)
  t.throws(() => xml.checkpoint({ name: 'a/b' }), { code: 'ERR_INVALID_ARG_VALUE' })
})
