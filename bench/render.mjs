// Writes results into a document, between `<!-- bench: NAME -->` and `<!-- /bench -->`.
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cases } from './cases/index.mjs'
import { table, verdicts } from './table.mjs'

/** All results of a directory, in the order of the cases. */
export async function readResults(directory) {
  const names = (await readdir(directory).catch(() => [])).filter((name) => name.endsWith('.json'))
  const results = await Promise.all(
    names.map(async (name) => JSON.parse(await readFile(join(directory, name), 'utf8'))),
  )
  const place = (result) => cases.findIndex(({ name }) => name === result.case)
  return results.filter(({ format }) => format === 'rbdkit-bench-1').sort((a, b) => place(a) - place(b))
}

const markdown = ([head, ...lines]) =>
  [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n')

function conditions(result) {
  const { date, host, versions, store, sides = [], image } = result
  const others = sides
    .filter(({ name }) => ['fio', 'qemu-img', 'virsh', 'python-bulk'].includes(name))
    .map(({ version }) => version)
  const ceph = versions.ceph === undefined ? [] : [`Ceph ${versions.ceph}`]
  const tools = [`Node ${versions.node}`, ...ceph, ...others].join(', ')
  const amounts = {
    comparison: `, ${result.pairs} pairs of ${result.seconds} s`,
    copy: `, ${result.pairs} pairs`,
  }
  const amount = amounts[result.kind] ?? ''
  const data = image.data === undefined ? '' : `, ${image.data / 2 ** 20} MiB of it data`
  const counted =
    image.images === undefined ? `image of ${image.size / 2 ** 20} MiB${data}` : `${image.images} images`
  const what = image.amount ?? (image.objects === undefined ? counted : `${image.objects} objects`)
  const osd = store === undefined ? '' : `, OSD on ${host.placement.osd}`
  const where = store === undefined ? what : `${store}, ${what}`
  return `${date.slice(0, 10)}, ${host.cores} cores (client on ${host.placement.client}${osd}), ${where}${amount}; ${tools}.`
}

function section(result) {
  const left = (result.missing ?? []).map(({ side }) => side)
  const missing = left.length === 0 ? '' : ` Not there: ${left.join(', ')}.`
  return `\`${result.command}\`: ${conditions(result)}${missing}\n\n${markdown(table(result))}`
}

/** Every goal of every case with what came of it. */
function summary(results) {
  const head = ['Case', 'Side', 'Figure', 'Goal', 'Measured', 'Verdict']
  const lines = results
    .flatMap(verdicts)
    .map((one) => [`\`${one.case}\``, one.side, one.label, one.goal, one.figure, one.verdict])
  const count = (kind) => lines.filter((cells) => cells.at(-1) === kind).length
  const counts = `${count('met')} goals met, ${count('in noise')} inside fio's own spread, ${count('at the floor')} at the floor, ${count('missed')} missed.`
  return `${counts}\n\n${markdown([head, ...lines])}`
}

/** Replaces what is between the markers of `summary` and of each case that has a result. */
export async function renderDocument(file, results) {
  const text = await readFile(file, 'utf8')
  const content = { summary: summary(results) }
  for (const result of results) content[result.case] = section(result)
  const marked = /(<!-- bench: ([a-z0-9-]+) -->\n)[\s\S]*?(<!-- \/bench -->)/g
  const rendered = text.replace(marked, (all, begin, name, end) =>
    content[name] === undefined ? all : `${begin}\n${content[name]}\n\n${end}`,
  )
  if (rendered !== text) await writeFile(file, rendered)
}
