/**
 * A session is what the work of a command on images is given: its options, the cluster when it asks for it, a place
 * for progress.
 */

import { InvalidArgumentError } from 'commander'
import type { Cluster } from '../rados/cluster.js'
import type { ConnectOptions } from '../rados/connect-options.js'
import type { IoCtx } from '../rados/ioctx.js'
import type { OperationOptions } from '../rbd/handle.js'
import type { Image } from '../rbd/image.js'
import {
  type DestinationFlags,
  defaultPool,
  toConnectOptions,
  toDestinationFlags,
} from './options/connection.js'
import {
  type Given,
  type ImageSpec,
  type PoolSpec,
  parseImageSpec,
  parsePoolSpec,
  type Written,
} from './options/image-spec.js'
import type { Flags } from './options/options.js'
import type { ProgressView } from './terminal/progress.js'

/** What a command has to say at its end: one of the two is printed. */
export interface Report {
  /** What `--json` prints. */
  readonly json: unknown
  /** The text with its newlines; it may be empty. A function makes one that costs something, when it is printed. */
  readonly text: string | (() => string)
  /** Standard output has something else: this goes to stderr. */
  readonly aside?: boolean
  /** What of it could not be had, each a line on stderr. */
  readonly troubles?: readonly string[]
  /** The exit status, when it says something: by default 0, with troubles 1. */
  readonly status?: number
}

/**
 * Of every image: librbd keeps no copy of what it is given to write, as the command's buffers stay as they are until it
 * is written (decision 0011). A whole cluster can be told so, for the command uses it for nothing else.
 */
const writes = { rbd_cache: false, rbd_disable_zero_copy_writes: false }

/** One run of a command. The cluster is connected to when it is first needed, and closed at the end. */
export class Session<F extends Flags = Flags> {
  readonly flags: F
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal
  readonly progress: ProgressView
  #cluster: Promise<Cluster> | undefined
  #destination: Session | undefined
  readonly #ioctxs = new Map<string, Promise<IoCtx>>()
  readonly #environment: NodeJS.ProcessEnv | null

  /** `environment` is where `CEPH_ARGS` is looked for; null: nowhere. */
  constructor(
    flags: F,
    signal: AbortSignal,
    progress: ProgressView,
    environment: NodeJS.ProcessEnv | null = process.env,
  ) {
    this.#environment = environment
    this.flags = flags
    this.signal = signal
    this.progress = progress
  }

  /**
   * The image that an operand names, or `--image` and `--snap`. A command line's error when its snapshot is missing, or
   * is one too many.
   */
  async imageSpec(
    text: string | undefined,
    snapshot: 'none' | 'optional' | 'needed' = 'optional',
  ): Promise<ImageSpec> {
    const { pool, namespace = '', image, snap } = this.flags
    if (text === undefined && image === undefined)
      throw new InvalidArgumentError("missing required argument 'image-spec'")
    const written =
      text === undefined ? { pool, namespace, image: image ?? '' } : parseImageSpec(text, this.flags)
    const spec = snap === undefined ? written : { ...written, snapshot: snap }
    if (snapshot === 'needed' && spec.snapshot === undefined)
      throw new InvalidArgumentError(`'${text ?? image}' names no snapshot: image@snapshot`)
    if (snapshot === 'none' && spec.snapshot !== undefined)
      throw new InvalidArgumentError(`'${text ?? image}' names a snapshot; this is about images`)
    return this.complete(spec)
  }

  /** The image that is to be made in this cluster: of an operand, or of `--dest`. */
  async newImageSpec(text: string | undefined, given: Given = this.flags): Promise<ImageSpec> {
    if (text === undefined) throw new InvalidArgumentError('say which image to make')
    const spec = parseImageSpec(text, given)
    if (spec.snapshot !== undefined)
      throw new InvalidArgumentError(`'${text}' names a snapshot; this is about images`)
    return this.complete(spec)
  }

  /** The pool that an operand names, or the options do, or the cluster's configuration. */
  async poolSpec(text: string | undefined): Promise<PoolSpec> {
    const { pool, namespace = '' } = this.flags
    return text === undefined ? this.complete({ pool, namespace }) : parsePoolSpec(text, this.flags)
  }

  /** Gives the spec the pool that counts when none is named. */
  async complete<Spec extends PoolSpec>(spec: Written<Spec>): Promise<Spec> {
    const pool = spec.pool ?? (await defaultPool(await this.cluster()))
    return { ...spec, pool } as Spec
  }

  /** Connected to when it is first asked for; `limits` then count. */
  async cluster(
    limits: Pick<ConnectOptions, 'connectTimeoutMs' | 'operationTimeoutMs'> = {},
  ): Promise<Cluster> {
    this.#cluster ??= (async () => {
      const { Cluster } = await import('../rados/cluster.js')
      const options = toConnectOptions(this.flags, writes, this.#environment)
      return Cluster.connect({ ...options, ...limits, signal: this.signal })
    })()
    return this.#cluster
  }

  /** The same one each time; the session's end closes it. */
  ioctx({ pool, namespace }: PoolSpec): Promise<IoCtx> {
    const key = `${pool}/${namespace}`
    const open = async (): Promise<IoCtx> => (await this.cluster()).openIoCtx(pool, { namespace })
    const ioctx = this.#ioctxs.get(key) ?? open()
    this.#ioctxs.set(key, ioctx)
    return ioctx
  }

  /** Where a copy goes: in the cluster of `--dest-conf` and its like, of which CEPH_ARGS says nothing, or in this one. */
  destination(flags: DestinationFlags): Session {
    const there = toDestinationFlags(flags)
    if (there === undefined) return this
    const { pool, namespace } = this.flags
    const places = {
      ...(pool === undefined ? {} : { pool }),
      ...(namespace === undefined ? {} : { namespace }),
    }
    this.#destination ??= new Session({ ...places, ...there }, this.signal, this.progress, null)
    return this.#destination
  }

  /** Opens an image in it; the session's end closes it. */
  async open(spec: ImageSpec, options: { readOnly: boolean }): Promise<Image> {
    const ioctx = await this.ioctx(spec)
    const { Image } = await import('../rbd/image.js')
    const { image, snapshot } = spec
    return Image.open(ioctx, image, {
      ...options,
      ...(snapshot === undefined ? {} : { snapshot }),
      signal: this.signal,
    })
  }

  /** Options of a long operation of librbd: shown as `phase`, ended by Ctrl-C. */
  operation(phase: string): OperationOptions {
    const began = performance.now()
    return {
      signal: this.signal,
      onProgress: ({ done, total }) => {
        if (this.signal.aborted || total === 0) return
        const share = done / total
        const seconds = ((performance.now() - began) / 1000 / share) * (1 - share)
        const left = share > 0 ? `${Math.ceil(seconds)} s left` : ''
        this.progress.update({ phase, share, figures: `${Math.floor(share * 100)} %`, left })
      },
    }
  }

  /** Once `signal` is aborted, what does not answer is closed in the background: the process's end does not wait for it. */
  async close(signal?: AbortSignal): Promise<void> {
    await this.#destination?.close(signal)
    const cluster = await this.#cluster?.catch(() => undefined)
    await cluster?.close({ signal }).catch((error: unknown) => {
      if (!signal?.aborted) throw error
    })
  }
}
