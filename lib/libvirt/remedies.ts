/** This file says what helps with an error of libvirt whose own words do not say it. */

/** Debian's package of each driver that is one since Debian 13, by what libvirt's functions call it. */
const drivers: Readonly<Record<string, string>> = {
  Secret: 'secret',
  Storage: 'storage-rbd',
  Network: 'network',
  NWFilter: 'nwfilter',
  NodeDevice: 'nodedev',
  Interface: 'interface',
}

function install(driver: string): string {
  const [name] = driver.split('-')
  return `libvirtd's ${name} driver is not installed: apt-get install libvirt-daemon-driver-${driver}`
}

/**
 * Names the driver that is missing. Without it libvirtd answers a call that it has in full as if nobody could ever
 * support it.
 */
function missingDriver(syscall: string): string | undefined {
  // the function's name alone: a driver that is there and cannot do something says more
  const [, what = ''] =
    /^vir(?:Connect(?:ListAll|List|NumOf))?(Secret|Storage|Network|NWFilter|NodeDevice)/.exec(syscall) ??
    // This driver is there in Debian without most of its functions.
    /^vir(?:ConnectListAll(?=Interfaces)|(?=InterfaceLookup))(Interface)/.exec(syscall) ??
    []
  const driver = drivers[what]
  return driver === undefined ? undefined : install(driver)
}

/**
 * A remedy to add to libvirt's text; `undefined` where there is nothing to add.
 *
 * @param uri - As the connection was given it; only QEMU's driver is a libvirtd whose packages may be missing.
 */
export function remedy(
  code: string,
  text: string,
  context: { readonly syscall: string; readonly uri?: string | undefined },
): string | undefined {
  // libvirt names the option that it could not set; Ceph 20 dropped it, libvirt 12.8 still sets it
  if (/failed to set RADOS option: auth_supported\b/.test(text)) {
    return (
      "libvirtd's librados (Ceph 20 or newer) has no option auth_supported, which libvirt sets: no RBD storage pool " +
      'starts on that host. Use images by librbd, and name them in the domain (xml.rbdDisk): that needs no storage pool'
    )
  }
  const { syscall, uri = 'qemu:' } = context
  if (code === 'VIR_ERR_NO_SUPPORT' && uri.startsWith('qemu') && text.endsWith(`: ${syscall}`)) {
    return missingDriver(syscall)
  }
  // One driver asks another: the addresses of a domain's interfaces are the network driver's.
  const [, asked = ''] = /^no connection driver available for (\w+):\/\/\/system$/.exec(text) ?? []
  const driver = Object.values(drivers).find((name) => name.split('-')[0] === asked)
  return driver === undefined ? undefined : install(driver)
}
