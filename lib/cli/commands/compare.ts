/** This file is the command `rbdkit compare`. */

import { existsSync } from 'node:fs'
import { Command, InvalidArgumentError } from 'commander'
import type { CompareResult } from '../../copy/compare.js'
import { formatBandwidth, formatBytes, formatSeconds } from '../../internal/text.js'
import { action } from '../action.js'
import { integer } from '../options/fio-values.js'
import { addJobOptions, addLimitOption, addOptions, type JobFlags, toJobOptions } from '../options/options.js'
import { type DiskEnd, nameOf, toDiskSource, watched } from '../runs/copying.js'
import type { Report, Session } from '../session.js'

/** Exit statuses, as those of `cmp`. */
const DIFFER = 1
const TROUBLE = 2

interface CompareFlags extends JobFlags {
  readonly maxExtents: number
}

/** A path begins with `/`, `./` or `../`; all else names an image. */
async function toEnd(session: Session, operand: string): Promise<DiskEnd> {
  if (operand === '-') throw new InvalidArgumentError("'-': a stream cannot be compared, save it first")
  return /^\.{0,2}\//.test(operand) ? { file: operand } : session.imageSpec(operand)
}

function describe(result: CompareResult, a: string, b: string): string {
  const { equal, extents, extentCount, bytesDiffering, rest, seconds } = result
  const bytes = Math.max(result.a.bytes, result.b.bytes)
  const rate = `${formatBytes(bytes)} in ${formatSeconds(seconds)}, ${formatBandwidth(bytes / Math.max(seconds, 1e-3))}`
  if (equal) return `${a} and ${b} are equal: ${rate}, ${result.a.digest}\n`
  const lines = [`${a} and ${b} differ: ${rate}`]
  if (extentCount > 0) {
    lines.push(`${bytesDiffering} bytes in ${extentCount} ${extentCount === 1 ? 'extent' : 'extents'}:`)
    for (const { offset, length } of extents) lines.push(`  ${length} at ${offset}`)
    if (extents.length < extentCount) lines.push(`  and ${extentCount - extents.length} more`)
  }
  if (rest) {
    const longer = rest.of === 'a' ? a : b
    lines.push(`${longer} is ${rest.length} bytes longer, ${rest.zero ? 'all zeros' : 'not all zeros'}`)
  }
  return `${lines.join('\n')}\n`
}

/** What is not there as an image may be there as a file. */
function hint(error: unknown, operands: readonly string[]): void {
  if (!(error instanceof Error) || (error as { code?: unknown }).code !== 'ENOENT') return
  const file = operands.find((one) => !one.includes('/') && existsSync(one))
  if (file !== undefined) error.message += `: it was taken for an image; the file is ./${file}`
}

async function run(session: Session<CompareFlags>, operandA: string, operandB: string): Promise<Report> {
  const { flags } = session
  const [endA, endB] = [await toEnd(session, operandA), await toEnd(session, operandB)]
  const [a, b] = [await toDiskSource(session, endA), await toDiskSource(session, endB)]
  const { compare } = await import('../../copy/compare.js')
  const { maxExtents } = flags
  const options = { ...watched(session), ...toJobOptions(flags), maxExtents }
  const result = await compare(a, b, options).catch((error: unknown) => {
    hint(error, [operandA, operandB])
    throw error
  })
  const names = { a: nameOf(endA), b: nameOf(endB) }
  return {
    json: { ...result, a: { name: names.a, ...result.a }, b: { name: names.b, ...result.b } },
    text: describe(result, names.a, names.b),
    status: result.equal ? 0 : DIFFER,
  }
}

/** Compares two of images, snapshots and files. Exit status 1 when they differ, 2 when that cannot be told. */
export function command(): Command {
  const comparing = new Command('compare')
    .description('compare images, snapshots and files: status 1 if they differ')
    .argument('<disk1>', '[pool/[namespace/]]image[@snapshot], or a path that begins with /, ./ or ../')
    .argument('<disk2>', 'likewise')
    .option('--max-extents <n>', 'how many differing extents to list', integer(0, 1_000_000), 10)
  return addOptions(addJobOptions(addLimitOption(comparing))).action(
    action<CompareFlags, [string, string]>(run, TROUBLE),
  )
}
