import t from 'tap'
import { parseMonitors } from '../../lib/rados/monitors.js'

t.test('one address a monitor, version 2 where there is one', (t) => {
  const v1 = { type: 'v1', addr: '10.0.0.1:6789', nonce: 0 }
  const v2 = { type: 'v2', addr: '10.0.0.1:3300', nonce: 0 }
  const mons = [
    { name: 'a', public_addrs: { addrvec: [v1, v2] } },
    { name: 'b', public_addrs: { addrvec: [{ type: 'v1', addr: '10.0.0.2:6789' }] } },
    { name: 'c', public_addrs: { addrvec: [{ type: 'v2', addr: '[fd00::3]:3300' }] } },
    { name: 'd', addr: '10.0.0.4:6789/0' },
    { name: 'e', public_addrs: { addrvec: [{ type: 'any', addr: ':/0' }] } },
  ]
  t.same(parseMonitors({ mons }), [
    { name: 'a', host: '10.0.0.1', port: 3300, type: 'v2' },
    { name: 'b', host: '10.0.0.2', port: 6789, type: 'v1' },
    { name: 'c', host: 'fd00::3', port: 3300, type: 'v2' },
    { name: 'd', host: '10.0.0.4', port: 6789, type: 'v1' },
  ])
  t.same(parseMonitors({ mons: [] }), [])
  t.end()
})
