# Every Debian package that this checkout uses, in one place. Sourced by setup.sh, bench.sh and test-roots.sh.

# Debian's release for which the lists are: this machine's, unless it is set.
release=${release:-$(. /etc/os-release && echo "${VERSION_CODENAME:-}")}

# The addon, the native tests.
build_packages=(
  build-essential python3 cmake pkg-config
  librbd-dev librados-dev libradospp-dev libvirt-dev libdeflate-dev zlib1g-dev libzstd-dev libxxhash-dev liburing-dev
  doctest-dev fio # the native tests; fio for its latencies
)

# The local Ceph.
ceph_packages=(ceph-mon ceph-mgr ceph-osd ceph-common)

# The local Ceph and the local hypervisor.
daemon_packages=(
  "${ceph_packages[@]}"
  libvirt-daemon libvirt-daemon-driver-qemu libvirt-daemon-driver-storage-rbd libvirt-clients
  qemu-system-x86 qemu-block-extra qemu-utils seabios
  procps libxml2-utils # ps, and xmllint, by which virt-xml-validate works
)
# Packages of their own since trixie.
[ "$release" = bookworm ] ||
  daemon_packages+=(libvirt-daemon-driver-{secret,network,nwfilter,interface,nodedev})

# The guest disk. Its kernel is downloaded and unpacked by guest/kernel.ts, never installed.
guest_packages=(busybox-static cpio xz-utils syslinux syslinux-common mtools dosfstools)

# What `npm run bench` measures beside rbdkit: fio's rbd engine, the `rbd` command (ceph-common), Python's rbd, qemu-img.
peer_packages=(fio python3-rbd python3-rados python3-libvirt ceph-common qemu-utils qemu-block-extra)

# What only `npm test` uses: a browser to look at pages, fio to measure beside, clang for the fuzzers, strace to see
# which files are opened, the daemon that mirrors images.
test_packages=(chromium fio clang libclang-rt-dev strace rbd-mirror)
