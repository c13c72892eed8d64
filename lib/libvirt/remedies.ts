/** This file says what helps with an error of libvirt whose own words do not say it. */

/**
 * Names the driver that is missing. Without it libvirtd answers a call that it has in full as if nobody could ever
 * support it.
 */
function missingDriver(syscall: string): string | undefined {
  // the function's name alone: a driver that is there and cannot do something says more
  const [, what] = /^vir(?:Connect(?:ListAll|List|NumOf))?(Secret|Storage)/.exec(syscall) ?? []
  if (what === 'Secret')
    return "libvirtd's secret driver is not installed: apt-get install libvirt-daemon-driver-secret"
  if (what === 'Storage')
    return "libvirtd's storage driver is not installed: apt-get install libvirt-daemon-driver-storage-rbd"
  return undefined
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
  return undefined
}
