/** This file finds what is not the same in several runs. A comparison that does not name it misleads. */

import { formatBytes } from '../../internal/text.js'
import type { Run } from './run.js'
import { parseBlockSize } from './workload.js'

// What names a job or says where its output goes changes nothing that is measured; the target is told by itself.
const ignored = new Set(
  'name clientname clustername ioengine pool rbdname filename output output_format eta group_reporting randseed'.split(
    ' ',
  ),
)

/** `4k` and `4096` are the same. */
function normal(option: string, value: string): string {
  const bytes = /^(?:bs|blocksize|size|io_size)$/.test(option) ? parseBlockSize(value) : undefined
  return bytes === undefined ? value : formatBytes(bytes)
}

/** Several images have the same names of settings: each topic after the first of its kind has its number. */
function settingsOf(run: Run): Map<string, string> {
  const kinds = new Map<string, number>()
  const rows = run.settings.flatMap(({ topic, rows }) => {
    const kind = topic.split(' ')[0] ?? ''
    const number = (kinds.get(kind) ?? 0) + 1
    kinds.set(kind, number)
    return rows.map(([name, value]) => [number === 1 ? name : `${name} (${kind} ${number})`, value] as const)
  })
  return new Map(rows)
}

function optionsOf(run: Run): Map<string, string> {
  const rows = run.options.filter(([name]) => !ignored.has(name))
  const own = rows.map(([name, value]) => [name, normal(name, value)] as const)
  return new Map([['tool', run.tool], ['target', run.target], ...own])
}

/** Names whose values differ, with the value of each run; `-` where it has none. */
export function differences(runs: readonly Run[]): { name: string; values: string[] }[] {
  const find = (all: readonly Map<string, string>[], relevant: readonly Map<string, string>[]) =>
    [...new Set(relevant.flatMap((one) => [...one.keys()]))]
      .filter((name) => new Set(relevant.map((one) => one.get(name))).size > 1)
      .map((name) => ({ name, values: all.map((one) => one.get(name) ?? '-') }))
  const options = runs.map(optionsOf)
  const settings = runs.map(settingsOf)
  // fio tells nothing of the image and the client: that is no difference.
  const told = settings.filter((one) => one.size > 0)
  return [...find(options, options), ...find(settings, told)]
}
