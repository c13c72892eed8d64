#!/usr/bin/env node
// npm run bench: rbdkit beside its peers on a local Ceph.
//
//   npm run bench -- [case...] [--pairs 10] [--seconds 5] [--size 1] [--store bluestore|memstore] [--quick]
//                    [--results DIR] [--docs FILE] [--render] [--list]
//
// --seconds is for runs of block I/O, --size for copies: the GiB of a dense disk.
//
// Each case's result goes to DIR/<case>.json (bench/results), and from there into the tables of FILE
// (docs/performance.md). --quick tries everything out: one pair of a second, on memstore; its results go to
// .rbdkit/bench and into no document. --render only writes the tables again.
import { access, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { chooseCases } from './cases/index.mjs'
import { compare } from './compare.mjs'
import { host, softwareVersions } from './host.mjs'
import { readResults, renderDocument } from './render.mjs'
import { printResult, printVerdicts } from './table.mjs'
import { Stores } from './target.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    pairs: { type: 'string' },
    seconds: { type: 'string' },
    size: { type: 'string' },
    store: { type: 'string' },
    quick: { type: 'boolean', default: false },
    results: { type: 'string' },
    docs: { type: 'string' },
    render: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
  },
})

function number(name, otherwise) {
  const given = values[name]
  if (given === undefined) return otherwise
  if (!/^\d+$/.test(given) || Number(given) < 1) throw new Error(`--${name} must be a number above 0`)
  return Number(given)
}

function checkStore(name) {
  if (name !== undefined && name !== 'bluestore' && name !== 'memstore') {
    throw new Error('--store must be bluestore or memstore')
  }
  return name
}

/** A case's own number of pairs holds unless another is asked for. */
function optionsOf(one) {
  const { quick } = values
  return {
    quick,
    pairs: number('pairs', quick ? 1 : (one.pairs ?? 10)),
    seconds: number('seconds', quick ? 1 : 5),
    size: number('size', 1),
    // A case without a cluster has no store.
    store: one.clusters === 0 ? undefined : (checkStore(values.store) ?? (quick ? 'memstore' : one.store)),
  }
}

/** How much is measured; nothing for a case that has its own idea of it. */
function amount(one, { pairs, seconds }) {
  const counted = `, ${pairs} ${pairs === 1 ? 'pair' : 'pairs'}`
  if (one.clusters !== undefined) return counted
  return one.run === undefined ? `${counted} of ${seconds} s` : ''
}

/** The command that gives this result again. */
function commandOf(one, { quick, pairs, seconds, size, store }) {
  const words = [`npm run bench -- ${one.name}`]
  if (quick) words.push('--quick')
  if (amount(one, { pairs, seconds }) !== '' && !quick) {
    if (pairs !== (one.pairs ?? 10)) words.push(`--pairs ${pairs}`)
    if (seconds !== 5 && !one.clusters) words.push(`--seconds ${seconds}`)
    if (size !== 1 && one.clusters) words.push(`--size ${size}`)
  }
  if (!quick && store !== one.store) words.push(`--store ${store}`)
  return words.join(' ')
}

async function runCase(one, stores) {
  const options = optionsOf(one)
  const { store } = options
  console.log(`\n${one.name}: ${one.title}${store === undefined ? '' : `; ${store}`}${amount(one, options)}`)
  const copying = one.clusters !== undefined
  const target = copying ? await stores.clusters(store, one.clusters) : await stores.target(store, one.image)
  const measured =
    one.run === undefined ? await compare(one, target, options) : await one.run(target, options)
  return {
    format: 'rbdkit-bench-1',
    case: one.name,
    title: one.title,
    command: commandOf(one, options),
    date: new Date().toISOString(),
    host: host(one.cores),
    versions: softwareVersions((copying ? target[0] : target)?.cephVersion),
    store,
    image: target.description,
    settings: { ...(!copying && { cache: false, exclusiveLock: true }), scrub: false },
    ...measured,
  }
}

async function main() {
  const chosen = chooseCases(positionals)
  if (values.list) {
    for (const { name, title } of chosen) console.log(`${name.padEnd(18)}${title}`)
    return
  }
  const directory = values.results ?? join(root, values.quick ? '.rbdkit/bench' : 'bench/results')
  const document = values.docs ?? (values.quick ? undefined : join(root, 'docs/performance.md'))
  if (document !== undefined) await access(document) // before an hour's work
  if (!values.render) {
    await mkdir(directory, { recursive: true })
    for (const one of chosen) optionsOf(one) // bad options before anything is started
    const stores = new Stores()
    const results = []
    try {
      for (const one of chosen) {
        const result = await runCase(one, stores)
        await writeFile(join(directory, `${one.name}.json`), `${JSON.stringify(result, null, 1)}\n`)
        printResult(result)
        results.push(result)
      }
    } finally {
      await stores.close()
    }
    printVerdicts(results)
    if (values.quick) console.log('A pair of a second shows that everything works; it measures nothing.')
    console.log(`\nResults: ${directory}`)
  }
  if (document !== undefined) {
    await renderDocument(document, await readResults(directory))
    console.log(`Tables: ${document}`)
  }
}

// What a side started ends with this process, and temporary files go.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130))
try {
  await main()
} catch (error) {
  console.error(`bench: ${error.message}`)
  process.exitCode = 1
}
