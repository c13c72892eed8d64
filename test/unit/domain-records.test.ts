/** Statistics of domains, from what native code packs: made-up records, each beside what it must become. */

import { setImmediate as nextTurn } from 'node:timers/promises'
import t from 'tap'
import type { NativeStats } from '../../lib/internal/native/libvirt.js'
import { toStats } from '../../lib/libvirt/domain-records.js'
import { toldTree } from '../../lib/libvirt/told.js'

type Parameters = readonly (readonly [path: string, value: string | number | boolean | undefined])[]

const letters: Record<string, string> = { number: 'n', boolean: 'b', string: 's', undefined: '-' }

/** As native code packs them, with so many records in a slice. */
function pack(records: readonly Parameters[], inSlice = records.length): NativeStats {
  const shapes = new Map<string, number>()
  const slices: NativeStats['slices'] = []
  for (let first = 0; first < records.length; first += inSlice) {
    const numbers: number[] = []
    let texts = ''
    for (const [i, record] of records.slice(first, first + inSlice).entries()) {
      const shape = record.map(([path, value]) => `${letters[typeof value]}${path}\0`).join('')
      if (!shapes.has(shape)) shapes.set(shape, shapes.size)
      numbers.push(Number(shapes.get(shape)))
      texts += `name ${first + i}\0uuid ${first + i}\0`
      for (const [, value] of record) {
        if (typeof value === 'string') texts += `${value}\0`
        else if (value !== undefined) numbers.push(Number(value))
      }
    }
    slices.push({ numbers: Float64Array.from(numbers), texts })
  }
  return { shapes: [...shapes.keys()], slices }
}

/** All but the domain's name and UUID, which are checked here. */
async function statsOf(...records: Parameters[]): Promise<unknown[]> {
  const all = await toStats(pack(records))
  return all.map(({ domain, ...stats }, i) => {
    t.strictSame(domain, { name: `name ${i}`, uuid: `uuid ${i}` })
    return stats
  })
}

t.test('every group', async (t) => {
  const [stats] = await statsOf([
    ['state.state', 1],
    ['state.reason', 1],
    ['cpu.time', 5e9],
    ['cpu.cache.monitor.count', 1],
    ['cpu.cache.monitor.0.name', 'vcpus_0'],
    ['cpu.haltpoll.success.time', 3],
    ['balloon.current', 2048],
    ['balloon.major_fault', 7],
    ['balloon.hugetlb_pgalloc', 8],
    ['balloon.last-update', 1_700_000_000],
    ['vcpu.current', 1],
    ['vcpu.maximum', 2],
    ['vcpu.1.state', 2],
    ['vcpu.0.state', 1],
    ['vcpu.0.time', 9],
    ['vcpu.0.halted.sum', true],
    ['net.count', 1],
    ['net.0.name', 'vnet0'],
    ['net.0.rx.bytes', 10],
    ['block.count', 11],
    ['block.10.name', 'vdk'],
    ['block.2.name', 'vdc'],
    ['block.2.rd.bytes', 11],
    ['iothread.count', 1],
    ['iothread.3.poll-max-ns', 12],
    ['perf.cache_misses', 13],
    ['dirtyrate.calc_status', 2],
    ['vm.halt_poll_fail_ns.sum', 14],
    ['dotless', 15],
  ])
  t.strictSame(stats, {
    state: { state: 'running', reason: 'booted' },
    cpu: { time: 5e9 },
    balloon: {
      current: 2 ** 21,
      majorFault: 7,
      hugetlbPgalloc: 8,
      lastUpdate: new Date('2023-11-14T22:13:20Z'),
    },
    vcpu: {
      current: 1,
      maximum: 2,
      vcpus: [
        { number: 0, state: 'running', time: 9, haltedSum: true },
        { number: 1, state: 'blocked' },
      ],
    },
    interfaces: [{ name: 'vnet0', rxBytes: 10 }],
    blocks: [{ name: 'vdc', rdBytes: 11 }, { name: 'vdk' }],
    ioThreads: [{ id: 3, pollMaxNs: 12 }],
    perf: { cacheMisses: 13 },
    other: {
      cpu: { cache: { monitor: [{ name: 'vcpus_0' }] }, haltpoll: { success: { time: 3 } } },
      dirtyrate: { calc_status: 2 },
      vm: { halt_poll_fail_ns: { sum: 14 } },
      dotless: 15,
    },
  })
})

t.test('a group is there when the domain has it', async (t) => {
  t.strictSame(await statsOf([], [['net.count', 0]], [['vcpu.maximum', 2]]), [
    {},
    { interfaces: [] },
    { vcpu: { maximum: 2, vcpus: [] } },
  ])
})

t.test('a parameter whose type is another from domain to domain', async (t) => {
  const values = [1, '1', true, undefined, Number.NaN, 2 ** 60, '', 1]
  t.strictSame(
    await statsOf(...values.map((value) => [['perf.one', value]] as const)),
    values.map((value) => ({ perf: { one: value } })),
  )
  t.strictSame(
    await statsOf(
      [['balloon.rss', '3']],
      [['vcpu.0.state', '1']],
      [['vcpu.0.state', undefined]],
      [['state.state', '5']],
      [['state.reason', 1]],
    ),
    [
      { balloon: { rss: 3072 } },
      { vcpu: { vcpus: [{ number: 0, state: 'running' }] } },
      { vcpu: { vcpus: [{ number: 0, state: undefined }] } },
      { state: { state: 'shutoff', reason: 'unknown' } },
      { state: { state: 'unknown', reason: 'unknown' } },
    ],
  )
})

t.test('a guest that has never told of its memory, and one that has', async (t) => {
  const record = (lastUpdate: number): Parameters => [
    ['balloon.unused', 1],
    ['balloon.last-update', lastUpdate],
    ['balloon.rss', 2],
  ]
  const [untold, told] = await statsOf(record(0), record(60))
  t.strictSame(untold, { balloon: { unused: 1024, rss: 2048 } })
  t.strictSame(told, { balloon: { unused: 1024, lastUpdate: new Date(60_000), rss: 2048 } })
  t.strictSame(Object.keys((told as { balloon: object }).balloon), ['unused', 'lastUpdate', 'rss'])
})

t.test('names that are odd', async (t) => {
  const long = 'x'.repeat(100_000)
  const [stats] = await statsOf([
    ['perf.____proto____', 1],
    ['__proto__.one', 2],
    ['constructor.one', 3],
    ['.', 4],
    ['', 5],
    [`perf.${long}`, 6],
    ['perf.ö\n"', 7],
    ['perf.twice', 8],
    ['perf.twice', 'last'],
    ['block.007.name', 'seven'],
    ['block.7.path', '\u{1f600}'],
    ['vcpu.0.number', 9],
    ['vcpu.vcpus', 10],
  ])
  const { perf, blocks, vcpu, other } = stats as Record<string, Record<string, unknown>>
  t.strictSame(Object.entries(perf ?? {}), [
    ['__proto__', 1],
    [long, 6],
    ['ö\n"', 7],
    ['twice', 'last'],
  ])
  t.strictSame(blocks, [{ name: 'seven', path: '\u{1f600}' }])
  t.strictSame(vcpu, { vcpus: [{ number: 9 }] })
  t.strictSame(Object.entries(other ?? {}), [
    ['__proto__', { one: 2 }],
    ['constructor', { one: 3 }],
    ['', { '': 4 }],
  ])
  t.equal(({} as { one?: number }).one, undefined, 'nothing has come into the prototype of all')
})

t.test('what libvirt names by itself is the tree that toldTree() makes', async (t) => {
  const paths = ['a', 'a.b', 'a.count', 'a.0', 'a.0.b', 'a.1.c.d', 'b.count', 'b.1', 'b.0', 'count', '3.x']
  for (let round = 0; round < 100; round++) {
    const record: Parameters = paths
      .filter(() => Math.random() < 0.5)
      .sort(() => Math.random() - 0.5)
      .map((path, i) => [path, [i, `text ${i}`, i % 2 === 0, undefined][i % 4]] as const)
    const [stats] = await statsOf(record)
    t.strictSame(
      stats,
      record.length === 0 ? {} : { other: toldTree(record.map(([path, value]) => [path, value])) },
    )
  }
})

t.test('many domains of many shapes, in slices', async (t) => {
  const records: Parameters[] = Array.from({ length: 1000 }, (_, i) => [
    ...Array.from({ length: i % 250 }, (_, n) => [`perf.counter${n}`, i + n] as const),
    ['block.0.name', `disk ${i}`],
  ])
  let turns = 0
  let over = false
  const counting = (async () => {
    while (!over) {
      await nextTurn()
      turns++
    }
  })()
  const all = await toStats(pack(records, 50))
  over = true
  await counting
  t.ok(turns >= 19, `${turns} turns of the loop`)
  t.equal(all.length, records.length)
  for (const [i, { domain, perf, blocks }] of all.entries()) {
    if (domain.name !== `name ${i}` || blocks?.[0]?.name !== `disk ${i}`) t.fail(`domain ${i}`)
    const counters = Object.values(perf ?? {})
    if (counters.length !== i % 250 || counters.some((value, n) => value !== i + n))
      t.fail(`counters of ${i}`)
  }
})

t.test('no domains', async (t) => t.strictSame(await toStats({ shapes: [], slices: [] }), []))
