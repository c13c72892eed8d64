/** This file does one run of `rbdkit bench`: it connects, opens, measures and shows. It loads the addon. */

import { writeFile } from 'node:fs/promises'
import { runOfResult } from '../../bench/report/read.js'
import { reportPage } from '../../bench/report/report-page.js'
import { runText } from '../../bench/report/text.js'
import type { BenchOptions, BenchProgress, BenchResult } from '../../bench/types.js'
import { bench, Cluster, Image } from '../../index.js'
import { formatBandwidth, formatCount, formatSeconds } from '../../internal/text.js'
import type { BenchFlags } from '../options/bench-options.js'
import { defaultPool, toConnectOptions } from '../options/connection.js'
import type { ImageSpec, Written } from '../options/image-spec.js'
import { showProgress } from '../terminal/bench-progress.js'
import { Interrupted, withSignals } from '../terminal/signals.js'
import { print } from '../terminal/terminal.js'
import { hostsText, measureOnWorkers } from './bench-hosts.js'

/** What of the command line the run needs, checked. */
export interface BenchRun {
  readonly images: readonly Written<ImageSpec>[]
  readonly flags: BenchFlags
  readonly options: BenchOptions
  /** `true`: JSON on stdout. */
  readonly json: string | true | undefined
}

async function openImages(
  cluster: Cluster,
  { images, options }: BenchRun,
  signal: AbortSignal,
): Promise<Image[]> {
  const opened: Image[] = []
  for (const { pool, namespace, image, snapshot } of images) {
    const ioctx = await cluster.openIoCtx(pool ?? (await defaultPool(cluster)), { namespace })
    // What only reads cannot do harm, and a user that may only read can measure.
    const readOnly = options.operation === 'read'
    const open = { signal, readOnly, ...(snapshot === undefined ? {} : { snapshot }) }
    opened.push(await Image.open(ioctx, image, open))
  }
  return opened
}

async function measure(
  run: BenchRun,
  signal: AbortSignal,
  onProgress: (progress: BenchProgress) => void,
): Promise<BenchResult> {
  const { flags, options } = run
  const clusters: Cluster[] = []
  try {
    const images: Image[] = []
    for (let i = 0; i < flags.numjobs; i++) {
      const cluster = await Cluster.connect({
        ...toConnectOptions(flags, flags.direct === '1' ? { rbd_cache: false } : {}),
        signal,
      })
      clusters.push(cluster)
      images.push(...(await openImages(cluster, run, signal)))
    }
    return await bench(images, { ...options, signal, onProgress })
  } finally {
    await Promise.all(clusters.map((cluster) => cluster.close()))
  }
}

/** What an interrupted run had measured. */
function partialText({ seconds, operations, bytes }: BenchProgress): string {
  const rate = `${formatCount(operations / seconds)} IOPS, ${formatBandwidth(bytes / seconds)}`
  return `${formatCount(operations)} operations in ${formatSeconds(seconds)}: ${rate}`
}

/** Throws {@link Interrupted}, its message saying what was measured until then, or what went wrong. */
export async function runBench(run: BenchRun): Promise<void> {
  const { flags, json } = run
  const view = showProgress(flags.eta, process.stderr)
  let last: BenchProgress | undefined
  const work = (signal: AbortSignal): Promise<BenchResult> => {
    const onProgress = (progress: BenchProgress): void => {
      last = progress
      if (!signal.aborted) view.update(progress)
    }
    if (flags.workers === undefined) return measure(run, signal, onProgress)
    return measureOnWorkers(run.images, flags, run.options, signal, onProgress)
  }
  let result: BenchResult
  try {
    result = await withSignals(work, () => view.stop())
  } catch (error) {
    if (error instanceof Interrupted && last !== undefined && last.seconds > 0) {
      error.message += ` after ${partialText(last)}; no result was written`
    }
    throw error
  } finally {
    view.stop()
  }
  const text = `${JSON.stringify(result, null, 2)}\n`
  // First what needs no file: a full disk must not hide what was measured.
  print(json === true ? text : runText(runOfResult(result)) + hostsText(result))
  if (typeof json === 'string') await writeFile(json, text)
  if (flags.html !== undefined) await writeFile(flags.html, reportPage(runOfResult(result)))
}
