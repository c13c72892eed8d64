/** This file turns a result, rbdkit's or fio's JSON, into what a report shows. */

import { formatBandwidth, formatBytes, formatCount } from '../../internal/text.js'
import type { BenchInterval, BenchResult } from '../types.js'
import { BenchFileError, JsonNode } from './json.js'
import type { Direction, DirectionName, LatencyFigures, Run, Setting } from './run.js'
import { describeWorkload, type OwnWords } from './workload.js'

const directionNames: readonly DirectionName[] = ['read', 'write', 'trim']

function toLatency(direction: JsonNode, total: number): LatencyFigures {
  const lat = direction.at('lat_ns')
  // fio gives percentiles of clat, unless asked for those of lat by --lat_percentiles=1.
  const clat = direction.at('clat_ns')
  const kind =
    lat.at('percentile').missing && !clat.missing && !clat.at('percentile').missing ? 'clat' : 'lat'
  const from = kind === 'lat' ? lat : clat
  return {
    kind,
    min: from.at('min').number(0),
    mean: from.at('mean').number(0),
    max: from.at('max').number(0),
    stddev: from.at('stddev').number(0),
    count: from.at('N').number(total),
    percentiles: from.at('percentile').numbers(),
    bins: from
      .at('bins')
      .numbers()
      .filter(([, n]) => n > 0),
  }
}

function toSeries(list: JsonNode): BenchInterval[] {
  return list.list().map((row) => {
    const lat = row.at('lat_ns')
    return {
      time: row.at('time').number(),
      iops: row.at('iops').number(),
      bw_bytes: row.at('bw_bytes').number(),
      lat_ns: {
        mean: lat.at('mean').number(),
        p50: lat.at('p50').number(),
        p99: lat.at('p99').number(),
        max: lat.at('max').number(),
      },
    }
  })
}

function toDirection(name: DirectionName, node: JsonNode): Direction | undefined {
  if (node.missing) return undefined
  const operations = node.at('total_ios').number(0)
  if (operations === 0) return undefined
  const samples = node.at('iops_samples').number(0)
  return {
    name,
    operations,
    bytes: node.at('io_bytes').number(),
    iops: node.at('iops').number(),
    bandwidth: node.at('bw_bytes').number(),
    iopsRange:
      samples === 0
        ? undefined
        : {
            min: node.at('iops_min').number(),
            max: node.at('iops_max').number(),
            stddev: node.at('iops_stddev').number(),
          },
    latency: toLatency(node, operations),
    series: toSeries(node.at('series')),
  }
}

function toFlush(sync: JsonNode): LatencyFigures | undefined {
  if (sync.missing || sync.at('lat_ns').missing) return undefined
  const figures = toLatency(sync, sync.at('total_ios').number(0))
  return figures.count === 0 ? undefined : figures
}

/** fio's options have both spellings, `rate-iops` and `rate_iops`. */
function toOptions(...places: JsonNode[]): Setting[] {
  const options = new Map<string, string>()
  for (const [name, value] of places.flatMap((place) => place.entries())) {
    options.set(name.replaceAll('-', '_'), value.shown())
  }
  return [...options]
}

function imageName(image: JsonNode): string {
  const namespace = image.at('namespace').text('')
  const snapshot = image.at('snapshot').text('')
  const middle = namespace === '' ? '' : `${namespace}/`
  return `${image.at('pool').text()}/${middle}${image.at('image').text()}${snapshot && `@${snapshot}`}`
}

function imageSettings(image: JsonNode): Setting[] {
  const allocated = image.at('allocated')
  const rows: Setting[] = [
    ['size', formatBytes(image.at('size').number())],
    ['object size', formatBytes(image.at('objectSize').number())],
  ]
  const count = image.at('stripeCount').number(1)
  if (count > 1)
    rows.push(['striping', `${formatBytes(image.at('stripeUnit').number())} over ${count} objects`])
  rows.push(
    ['features', image.at('features').shown() || 'none'],
    ['exclusive lock held', image.at('exclusiveLock').shown()],
    ['allocated', allocated.missing ? 'unknown' : `${Number((allocated.number() * 100).toFixed(1))} %`],
  )
  for (const [name, value] of image.at('overrides').entries()) rows.push([`override ${name}`, value.shown()])
  return rows
}

function toSettings(settings: JsonNode): Run['settings'] {
  if (settings.missing) return []
  const images = settings
    .at('images')
    .list()
    .map((image) => ({ topic: `Image ${imageName(image)}`, rows: imageSettings(image) }))
  const plain = (topic: string, key: string) => ({
    topic,
    rows: settings
      .at(key)
      .entries()
      .map(([name, value]) => [name, value.shown()] as const),
  })
  const rest = [plain('Client', 'client'), plain('Cluster', 'cluster'), plain('Versions', 'versions')]
  const handles = settings.at('handles')
  if (!handles.missing) rest[0]?.rows.unshift(['cluster handles', handles.shown()])
  return [...images, ...rest].filter(({ rows }) => rows.length > 0)
}

/** Where several took part: what each did. */
function toHosts(hosts: JsonNode): Run['settings'] {
  const rows = hosts.list().map((host): Setting => {
    const figures = `${formatCount(host.at('iops').number())} IOPS, ${formatBandwidth(host.at('bw_bytes').number())}`
    return [`${host.at('host').text()} (${host.at('pid').shown()})`, figures]
  })
  return rows.length === 0 ? [] : [{ topic: 'Hosts', rows }]
}

function ownWords(settings: JsonNode): OwnWords {
  const options = settings.missing ? settings : settings.at('options')
  if (options.missing) return { interleaved: false, zeroes: false }
  return {
    interleaved: options.at('pattern').value === 'interleaved',
    zeroes: options.at('operation').value === 'writeZeroes',
  }
}

function toCpu(cpu: JsonNode): Run['cpu'] {
  if (cpu.missing) return undefined
  return {
    user: cpu.at('userSeconds').number(),
    system: cpu.at('systemSeconds').number(),
    perOperation: cpu.at('microsecondsPerOperation').number(),
  }
}

function onlyJob(root: JsonNode): JsonNode {
  const jobs = root.at('jobs').list()
  const [job] = jobs
  if (job === undefined) return root.at('jobs').wrong('a list with a job')
  if (jobs.length > 1) {
    throw new BenchFileError(
      `${root.path} has ${jobs.length} jobs; give fio --group_reporting, or run one job`,
    )
  }
  return job
}

function toRun(root: JsonNode, label: string): Run {
  const byFio = root.at('rbdkit version').missing
  if (byFio && root.at('fio version').missing) {
    throw new BenchFileError(`${root.path} is neither a result of rbdkit bench nor fio's JSON`)
  }
  const job = onlyJob(root)
  const options = toOptions(root.at('global options'), job.at('job options'))
  const option = (name: string): string | undefined => options.find(([one]) => one === name)?.[1]
  const settings = root.at('settings')
  const images = settings.missing ? [] : settings.at('images').list()
  const directions = directionNames.flatMap((name) => toDirection(name, job.at(name)) ?? [])
  const runtimes = directionNames.map((name) =>
    job.at(name).missing ? 0 : job.at(name).at('runtime').number(0),
  )
  return {
    label,
    target: byFio
      ? [option('pool'), option('rbdname') ?? option('filename')].filter(Boolean).join('/')
      : images.map(imageName).join(', '),
    tool: byFio ? root.at('fio version').text() : `rbdkit ${root.at('rbdkit version').text()}`,
    title: describeWorkload(options, ownWords(settings)),
    endedAt: root.at('timestamp_ms').number(root.at('timestamp').number(0) * 1000),
    seconds: Math.max(...runtimes) / 1000,
    directions,
    flush: toFlush(job.at('sync')),
    unstarted: job.at('unstarted_ios').number(0),
    cpu: toCpu(root.at('cpu')),
    options,
    settings: [...toSettings(settings), ...toHosts(root.at('hosts'))],
  }
}

/** What `bench()` gave. */
export function runOfResult(result: BenchResult): Run {
  return toRun(new JsonNode(result, 'result'), '')
}

/** What is in a file: rbdkit's or fio's JSON. Throws {@link BenchFileError} when it is neither. */
export function runOfFile(text: string, name: string, label: string): Run {
  // fio may say something before its JSON.
  const start = /^\{/m.exec(text)?.index
  let value: unknown
  try {
    value = JSON.parse(text.slice(start ?? 0))
  } catch (error) {
    throw new BenchFileError(`${name} is not JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
  const run = toRun(new JsonNode(value, name), label)
  if (run.directions.length === 0) throw new BenchFileError(`${name} has no operation: nothing was measured`)
  return run
}
