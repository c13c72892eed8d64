/**
 * This file encodes and reads what controller and workers say to each other by notifies of the group's object. Anyone
 * who may write to the pool can send anything.
 *
 * One object a group, `rbdkit_bench.<group>`. Workers watch it. A controller holds its lock, writes the job into it, and
 * notifies: `prepare` until all are ready, `go`, `status` until all are done, `end`, or `abort`. Each answer is the
 * worker's whole state, so that a message that is lost is made up for by the next. Results are objects of their own,
 * `rbdkit_bench.<group>.<job>.<number>`.
 */

import { invalidArgValue, toText } from '../../internal/validate.js'
import type { BenchProgress } from '../types.js'

/** Both sides speak the same version or do not hear each other. */
const version = 1
/** A longer message is none of ours. */
const maxMessage = 64 * 1024
const maxText = 1000

export const messageTypes = ['hello', 'prepare', 'go', 'status', 'abort', 'end'] as const
export type MessageType = (typeof messageTypes)[number]

/** A message from the controller, or `hello` from anyone. */
export interface Message {
  type: MessageType
  /** `hello` has none. */
  job: string | undefined
}

const states = ['idle', 'preparing', 'ready', 'running', 'saving', 'done', 'failed'] as const
export type WorkerState = (typeof states)[number]

/** A worker's answer to any message. */
export interface Report {
  name: string
  host: string
  pid: number
  state: WorkerState
  /** What it is at, unless idle. */
  job: string | undefined
  progress: BenchProgress | undefined
  /** Why it failed. */
  error: { code: string; message: string } | undefined
}

export type Json = Record<string, unknown>

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isJobId(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{16}$/.test(value)
}

/** Nobody's text goes to a terminal with control characters in it. */
export function plain(text: unknown): string {
  return String(text)
    .replaceAll(/\p{Cc}+/gu, ' ')
    .slice(0, maxText)
}

function parse(payload: Uint8Array): Json | undefined {
  if (payload.length === 0 || payload.length > maxMessage) return undefined
  try {
    const value: unknown = JSON.parse(Buffer.from(payload).toString('utf8'))
    return isObject(value) && value.rbdkit === version ? value : undefined
  } catch {
    return undefined
  }
}

/** The group's object. */
export function groupObject(name: string, group: unknown): string {
  const text = group === undefined ? 'default' : toText(name, group)
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(text))
    throw invalidArgValue(name, 'must be 1 to 64 letters, digits, - or _')
  return `rbdkit_bench.${text}`
}

/** The object of a worker's result. */
export function resultObject(group: string, job: string, index: number): string {
  return `${group}.${job}.${index}`
}

/** A worker's name, or that of one who says it is a worker. */
export function isWorkerName(value: unknown): value is string {
  return typeof value === 'string' && /^\P{Cc}{1,128}$/u.test(value)
}

export function encodeMessage({ type, job }: Message): Buffer {
  return Buffer.from(JSON.stringify({ rbdkit: version, type, job }))
}

/** `undefined`: none of ours. */
export function decodeMessage(payload: Uint8Array): Message | undefined {
  const value = parse(payload)
  const type = messageTypes.find((one) => one === value?.type)
  if (value === undefined || type === undefined) return undefined
  if (type === 'hello') return { type, job: undefined }
  return isJobId(value.job) ? { type, job: value.job } : undefined
}

export function encodeReport(report: Report): Buffer {
  return Buffer.from(JSON.stringify({ rbdkit: version, ...report }))
}

function number(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : 0
}

const phases = ['prepare', 'warmup', 'run', 'flush', 'done'] as const

function decodeProgress(value: unknown): BenchProgress | undefined {
  if (!isObject(value)) return undefined
  const latency = isObject(value.lat_ns) ? value.lat_ns : {}
  return {
    phase: phases.find((one) => one === value.phase) ?? 'prepare',
    seconds: number(value.seconds),
    secondsTotal: number(value.secondsTotal),
    operations: number(value.operations),
    bytes: number(value.bytes),
    iops: number(value.iops),
    bw_bytes: number(value.bw_bytes),
    lat_ns: {
      mean: number(latency.mean),
      p50: number(latency.p50),
      p99: number(latency.p99),
      max: number(latency.max),
    },
    stalled: value.stalled === true,
  }
}

/** `undefined`: no worker's answer. */
export function decodeReport(payload: Uint8Array): Report | undefined {
  const value = parse(payload)
  const state = states.find((one) => one === value?.state)
  if (value === undefined || state === undefined || !isWorkerName(value.name)) return undefined
  const { error } = value
  return {
    name: value.name,
    host: plain(value.host ?? ''),
    pid: number(value.pid),
    state,
    job: isJobId(value.job) ? value.job : undefined,
    progress: decodeProgress(value.progress),
    error: isObject(error)
      ? { code: plain(error.code ?? ''), message: plain(error.message ?? '') }
      : undefined,
  }
}
