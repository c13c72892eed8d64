/** Live migration of a guest between two hypervisors of this machine; its disk is an RBD image that both see. */

import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Image } from 'rbdkit'
import { LocalHypervisor } from 'rbdkit/dev'
import { Connection, type DomainJobInfo, LibvirtError } from 'rbdkit/libvirt'
import t from 'tap'
import { randomName } from '../helpers/cluster.js'
import { rbdHost } from '../helpers/rbd-host.js'
import { Shell, shellDomain } from '../helpers/shell-guest.js'

t.setTimeout(200_000)

/** Where a guest is sent; the file stays afterwards. */
function socket(): string {
  const path = join(tmpdir(), randomName('migrate'))
  t.teardown(() => rmSync(path, { force: true }))
  return `unix://${path}`
}

t.test('a guest moves, and goes on writing', async (t) => {
  const hypervisors = await Promise.all([LocalHypervisor.start(), LocalHypervisor.start()])
  t.teardown(() => Promise.all(hypervisors.map((one) => one.close())))
  const [here, there] = (await Promise.all(hypervisors.map(({ uri }) => Connection.open(uri)))) as [
    Connection,
    Connection,
  ]
  t.teardown(() => Promise.all([here.close(), there.close()]))
  const { ioctx, disk } = await rbdHost(t, [here, there])
  await Image.create(ioctx, 'disk', { size: 16 * 2 ** 20 })
  const name = randomName('vm')
  const domain = await here.createDomain(await shellDomain(name, [disk('disk', 'vda')]))
  t.teardown(async () => {
    for (const host of [here, there])
      await host
        .domainByName(name)
        .then((one) => one.destroy())
        .catch(() => {})
  })
  const first = await Shell.open(domain)
  // What the guest changes all the time, so that a slow migration cannot end.
  await first.run(
    'mount -t tmpfs none /mnt; head -c 8000000 /dev/urandom > /mnt/noise; echo kept > /mnt/kept',
  )
  await first.run(
    '(n=0; while true; do n=$((n + 1)); echo "$n " | dd of=/dev/vda conv=notrunc,fsync 2>/dev/null; cat /mnt/noise > /mnt/again; done) </dev/null >/dev/null 2>&1 & true',
  )
  first.close()
  /** How often the guest has written its disk, by Ceph's own word. */
  const written = async (): Promise<number> => {
    await using image = await Image.open(ioctx, 'disk', { readOnly: true })
    const { buffer } = await image.read({ length: 32, position: 0 })
    return Number.parseInt(buffer.toString('latin1'), 10) || 0
  }
  const goesOn = async (why: string): Promise<void> => {
    const before = await written()
    for (let i = 0; i < 200 && (await written()) <= before; i++) await sleep(100)
    t.ok((await written()) > before, why)
  }
  await goesOn('it writes before')

  await t.test('cancelled', async (t) => {
    await domain.migration.setMaxSpeed(1)
    t.equal(await domain.migration.maxSpeed(), 1)
    await domain.migration.setMaxDowntime(123)
    t.equal(await domain.migration.maxDowntime(), 123)
    const reason = new Error('enough')
    const controller = new AbortController()
    const told: DomainJobInfo[] = []
    const job = domain.migrate(there, {
      live: true,
      migrateUri: socket(),
      signal: controller.signal,
      onProgress: (progress) => {
        told.push(progress)
        if ((progress.memoryProcessed ?? 0) > 0) controller.abort(reason)
      },
    })
    await t.rejects(Promise.resolve(job), reason)
    t.match(told[0], { operation: 'migration-out', type: 'unbounded' })
    t.ok((told.at(-1)?.memoryTotal ?? 0) > 0)
    t.equal((await domain.state()).state, 'running')
    await t.rejects(there.domainByName(name), { code: 'VIR_ERR_NO_DOMAIN' })
    t.equal(await domain.job.statistics(), undefined)
    await t.rejects(domain.job.abort(), { code: 'VIR_ERR_OPERATION_INVALID', object: name })
    await t.rejects(domain.migration.startPostCopy(), { code: 'VIR_ERR_OPERATION_INVALID' })
    await t.rejects(Promise.resolve(domain.migrate(there, { signal: AbortSignal.abort(reason) })), reason)
    const elsewhere = domain.migrate(there, { live: true, migrateUri: socket() })
    elsewhere.catch(() => {})
    for await (const { memoryProcessed = 0 } of elsewhere) if (memoryProcessed > 0) break
    await domain.job.abort()
    await t.rejects(
      Promise.resolve(elsewhere),
      { code: 'VIR_ERR_OPERATION_ABORTED', object: name },
      'by somebody else',
    )
  })
  await goesOn('it still writes here')

  await domain.migration.setMaxSpeed(1000)
  await domain.migration.setMaxDowntime(2000)
  const moved = await domain.migrate(there, { live: true, migrateUri: socket(), persistDest: true })
  t.equal(moved.connection, there)
  t.equal((await moved.state()).state, 'running')
  t.equal(await moved.isPersistent(), true)
  await t.rejects(here.domainByName(name), { code: 'VIR_ERR_NO_DOMAIN' })
  t.match(await moved.job.statistics({ completed: true, keepCompleted: true }), {
    type: 'completed',
    operation: 'migration-in',
  })
  t.equal((await moved.job.statistics({ completed: true }))?.operation, 'migration-in')
  t.equal(await moved.job.statistics({ completed: true }), undefined, 'told once')
  await goesOn('it writes there')
  const second = await Shell.open(moved)
  t.equal(await second.run('cat /mnt/kept'), 'kept')
  second.close()

  await t.test('peer to peer', async (t) => {
    const to = String(hypervisors[0]?.uri).replace('qemu:', 'qemu+unix:')
    await t.rejects(Promise.resolve(moved.migrate(`${to}&command=x`)), { code: 'ERR_INVALID_ARG_VALUE' })
    await t.rejects(
      Promise.resolve(moved.migrate('qemu+unix:///system?socket=/nowhere', { live: true })),
      LibvirtError,
    )
    await moved.migration.setMaxDowntime(2000)
    t.equal(
      await moved.migrate(to, {
        live: true,
        migrateUri: socket(),
        undefineSource: true,
        destinationName: name,
      }),
      undefined,
    )
    await t.rejects(there.domainByName(name), { code: 'VIR_ERR_NO_DOMAIN' })
  })
  await goesOn('and writes here again')

  await t.test('postcopy', async (t) => {
    const back = await here.domainByName(name)
    await back.migration.setMaxSpeed(1)
    const job = back.migrate(there, { live: true, postcopy: true, migrateUri: socket() })
    job.catch(() => {})
    const life = await there.events('domain', 'lifecycle')
    for await (const { memoryProcessed = 0 } of job) if (memoryProcessed > 0) break
    await back.migration.startPostCopy()
    const arrived = await job
    t.equal((await arrived.state()).state, 'running')
    const seen: string[] = []
    for await (const { event, detail } of life) {
      seen.push(`${event} ${detail}`)
      if (event === 'resumed' && detail !== 'postcopy') break
    }
    t.ok(seen.includes('resumed postcopy'), `it ran there before its memory was: ${seen.join()}`)
  })
  await goesOn('and there')
})
