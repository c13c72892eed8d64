/** How native results become LibvirtErrors and QEMU's replies values: what no daemon at hand answers. */

import t from 'tap'
import { domainStateReasons, domainStates, errorCodes } from '../../lib/internal/generated/libvirt.js'
import { nameOf } from '../../lib/internal/name-of.js'
import { LibvirtError, libvirtError, systemError } from '../../lib/libvirt/errors.js'
import { monitorReply, toMonitorCommand } from '../../lib/libvirt/qemu-monitor.js'

const context = { syscall: 'virDomainCreate', uri: 'qemu:///system', object: 'vm1' }

t.test("libvirt's error by its names", async (t) => {
  const error = libvirtError(-1, { code: 42, domain: 10, level: 2, message: 'Domain not found' }, context)
  t.ok(error instanceof LibvirtError && error instanceof Error)
  t.match(error, {
    code: 'VIR_ERR_NO_DOMAIN',
    errno: 42,
    domain: 'VIR_FROM_QEMU',
    level: 'error',
    ...context,
  })
  t.equal(error.message, "VIR_ERR_NO_DOMAIN: Domain not found, virDomainCreate 'vm1'")
})

t.test('numbers of a newer libvirt are kept', async (t) => {
  const error = libvirtError(-1, { code: 999, domain: 998, level: 9, message: '' }, context)
  t.match(error, { code: 'VIR_ERR_999', errno: 999, domain: 'VIR_FROM_998', level: 'error' })
  t.match(error.message, /^VIR_ERR_999: libvirt gave no reason, /)
  t.equal(nameOf(domainStates, 99), 'unknown')
})

t.test('what is not libvirt’s has a negative errno', async (t) => {
  const missing = libvirtError(-38, 'cannot load libvirt.so.0: apt-get install libvirt0', {
    syscall: 'virConnectOpen',
  })
  t.match(missing, {
    code: 'ENOSYS',
    errno: -38,
    domain: 'VIR_FROM_NONE',
    message: /apt-get install libvirt0/,
  })
  t.match(libvirtError(-11, undefined, context), { code: 'EAGAIN', message: /temporarily unavailable/ })
  t.match(
    systemError(-9, context, 'the domain is closed').message,
    /^EBADF: the domain is closed, virDomainCreate/,
  )
})

t.test('what libvirt does not say is added', async (t) => {
  const answer = (code: number, message: string, more: Partial<typeof context>) =>
    libvirtError(-1, { code, domain: 18, level: 2, message }, { ...context, ...more }).message
  const create = { syscall: 'virStoragePoolCreate', object: 'images' }
  t.match(
    answer(1, 'internal error: failed to set RADOS option: auth_supported', create),
    /^VIR_ERR_INTERNAL_ERROR: .*auth_supported \(.*Ceph 20.*xml\.rbdDisk.*\), virStoragePoolCreate 'images'$/,
  )
  t.notMatch(answer(1, 'internal error: failed to set RADOS option: mon_host', create), /Ceph 20/)

  const noSupport = (syscall: string, uri: string, more = '') =>
    answer(3, `this function is not supported by the connection driver: ${syscall}${more}`, { syscall, uri })
  const secret = 'libvirt-daemon-driver-secret'
  const storage = 'libvirt-daemon-driver-storage-rbd'
  t.match(noSupport('virSecretDefineXML', 'qemu:///system'), secret)
  t.match(noSupport('virConnectListAllSecrets', 'qemu:///system'), secret)
  t.match(noSupport('virStoragePoolDefineXML', 'qemu:///system'), storage)
  t.match(noSupport('virConnectListAllStoragePools', 'qemu:///system'), storage)
  for (const [call, driver] of [
    ['virConnectListAllNetworks', 'network'],
    ['virNetworkDefineXMLFlags', 'network'],
    ['virNWFilterDefineXMLFlags', 'nwfilter'],
    ['virConnectListAllNWFilters', 'nwfilter'],
    ['virNodeDeviceLookupByName', 'nodedev'],
    ['virConnectListAllInterfaces', 'interface'],
    ['virInterfaceLookupByName', 'interface'],
  ] as const)
    t.match(noSupport(call, 'qemu:///system'), `apt-get install libvirt-daemon-driver-${driver})`)
  t.notMatch(noSupport('virInterfaceDestroy', 'qemu:///system'), 'apt-get', 'this one is not there, ever')
  const asking = { syscall: 'virDomainInterfaceAddresses', uri: 'qemu:///system' }
  const nobody = (uri: string) => answer(5, `no connection driver available for ${uri}`, asking)
  t.match(nobody('network:///system'), 'apt-get install libvirt-daemon-driver-network)')
  t.match(nobody('storage:///system'), storage)
  t.notMatch(nobody('xen:///system'), 'apt-get')
  t.notMatch(noSupport('virSecretDefineXML', 'test:///default'), 'apt-get')
  t.notMatch(noSupport('virDomainCreate', 'qemu:///system'), 'apt-get')
  t.notMatch(noSupport('virStoragePoolBuild', 'qemu:///system', ' of this pool'), 'apt-get')
})

t.test('the generated tables', async (t) => {
  t.equal(errorCodes[0], 'VIR_ERR_OK')
  t.equal(errorCodes[66], 'VIR_ERR_NO_SECRET')
  t.equal(domainStates[5], 'shutoff')
  t.equal(domainStateReasons.paused[5], 'ioerror')
  t.ok(Object.values(errorCodes).every((name) => /^VIR_(ERR|WAR)_[A-Z0-9_]+$/.test(name)))
})

t.test("QEMU's monitor", async (t) => {
  t.equal(toMonitorCommand('query-block'), '{"execute":"query-block"}')
  t.same(JSON.parse(toMonitorCommand({ execute: 'x', arguments: { a: '"\0' } })), {
    execute: 'x',
    arguments: { a: '"\0' },
  })
  t.notMatch(toMonitorCommand({ execute: 'x', arguments: { a: '\0' } }), /\0/)
  for (const wrong of [undefined, null, 1, {}, { arguments: {} }])
    t.throws(() => toMonitorCommand(wrong), { name: 'TypeError' })
  t.same(monitorReply('{"return":{"running":true},"id":"libvirt-1"}', context), { running: true })
  t.throws(() => monitorReply('{"id":"x","error":{"class":"GenericError","desc":"no"}}', context), {
    code: 'VIR_ERR_OPERATION_FAILED',
    message: "VIR_ERR_OPERATION_FAILED: QEMU answered GenericError: no, virDomainCreate 'vm1'",
  })
})
