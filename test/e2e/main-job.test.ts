/** The main job on real components: what went in through rbdkit a real guest reads, and the other way round. */
import { randomBytes } from 'node:crypto'
import t from 'tap'
import { mainJob, type Observer } from '../../scripts/main-job.js'
import { sharedCluster } from '../helpers/cluster.js'
import { sharedHypervisor } from '../helpers/hypervisor.js'
import { rbdPoolsStart } from '../helpers/releases.js'

const silent: Observer = { begin() {}, progress() {}, line() {}, end() {} }

t.setTimeout(240_000)

t.test('a disk imported through rbdkit boots as a domain and both see what the other wrote', async (t) => {
  const cluster = await sharedCluster()
  const hypervisor = await sharedHypervisor()
  const salt = randomBytes(6).toString('hex')
  const text = `question ${salt}`
  const steps: string[] = []
  const lines: string[] = []
  let progressed = 0
  const result = await mainJob({
    confFile: cluster.confFile,
    libvirtUri: hypervisor.uri,
    directory: t.testdir(),
    name: `e2e-${salt}`,
    text,
    observer: {
      ...silent,
      begin: (title) => steps.push(title),
      progress: (done) => (progressed = done),
      line: (line) => lines.push(line),
    },
    signal: AbortSignal.timeout(220_000),
  })

  t.match(result.console, `RBDKIT-GUEST-READ: ${text}\r\n`, 'the guest printed the text from its disk')
  t.match(result.console, `RBDKIT-GUEST-SHA256: ${result.questionSha256}`, 'and the digest of the block')
  t.equal(result.answer.sha256, result.questionSha256, "rbdkit read the guest's answer to that very block")
  t.match(result.console, `RBDKIT-GUEST-KERNEL: ${result.answer.kernel}`, 'from the kernel that booted')
  if (rbdPoolsStart) {
    t.same(result.volumes, ['golden', 'vm1'], 'libvirt lists image and clone')
  } else {
    t.equal(result.volumes, undefined, 'without a storage pool of libvirt, which starts none with this Ceph')
    t.match(lines.join('\n'), /option: auth_supported \(libvirtd's librados \(Ceph 20 /, 'and it was said')
  }
  t.equal(
    result.exported.sha256,
    result.exported.expected,
    'the exported copy has both blocks and nothing else new',
  )
  t.equal(result.digests.copied, result.digests.exported, 'copy and export report the same digest')
  t.equal(progressed, 64 * 1024 * 1024, 'the last progress of a copy is the whole image')
  t.same(
    result.times.map(({ title }) => title),
    steps,
    'every step was timed',
  )
})
