import type { Duplex, Readable } from 'node:stream'
import { native } from '../internal/addon.js'
import type { CallOptions } from '../internal/call-options.js'
import { VIR_DOMAIN_CHANNEL, VIR_DOMAIN_CONSOLE } from '../internal/generated/libvirt.js'
import { type Known, toOptions, toSignal, toSize, toText } from '../internal/validate.js'
import type { DomainEventMap, DomainEvents } from './domain-events.js'
import { DomainLifecycle } from './domain-lifecycle.js'
import {
  openEvents,
  openMonitorEvents,
  type QemuMonitorEvent,
  type QemuMonitorEventsOptions,
} from './event-kinds.js'
import type { Events } from './events.js'
import { flagsOf } from './flags.js'
import { BytesDuplex, BytesReader, bytesOf, StreamHandle } from './stream-handle.js'

/**
 * Which screen.
 *
 * @since 0.1.0
 */
export interface ScreenshotOptions extends CallOptions {
  /** The number of the screen. Default 0. */
  screen?: number
}

/**
 * A picture of a screen.
 *
 * @since 0.1.0
 */
export interface Screenshot {
  /** Of the picture: `'image/png'`, or `'image/x-portable-pixmap'` of an older QEMU. */
  mimeType: string
  image: Readable
}

/**
 * How a console is opened.
 *
 * @since 0.1.0
 */
export interface ConsoleOptions extends CallOptions {
  /** The alias of a serial, parallel or console device. Default: the first. */
  device?: string
  /** Whoever has it open loses it: their stream ends with `VIR_ERR_RPC`. */
  force?: boolean
  /** Only where nobody else can have it open at the same time. */
  safe?: boolean
}

/**
 * How a channel is opened.
 *
 * @since 0.1.0
 */
export interface ChannelOptions extends CallOptions {
  /** Its target's name, or its alias. Default: the first. */
  name?: string
  /** Whoever has it open loses it: their stream ends with `VIR_ERR_RPC`. */
  force?: boolean
}

const consoleOptions: Known<ConsoleOptions> = { device: true, force: true, safe: true, signal: true }
const channelOptions: Known<ChannelOptions> = { name: true, force: true, signal: true }

/**
 * What a domain tells by itself, and what goes in and out of it: events, screens, consoles, channels.
 *
 * @since 0.1.0
 */
export abstract class DomainIo extends DomainLifecycle {
  /**
   * Its events of one kind, until the stream or this handle is closed. See `connection.events()`.
   *
   * Errors: `VIR_ERR_NO_SUPPORT` the hypervisor has no such events; `ENOSYS` libvirt is older than they are.
   *
   * Implements: virConnectDomainEventRegisterAny.
   * @since 0.1.0
   */
  events<K extends keyof DomainEventMap>(kind: K, options?: CallOptions): Promise<DomainEvents<K>> {
    return openEvents(this.connection, 'domain', kind, options, this)
  }

  /**
   * Events of its QEMU's monitor. See `connection.qemuMonitorEvents()`.
   *
   * Errors: `VIR_ERR_NO_SUPPORT` not QEMU's; `ENOSYS` libvirt-qemu is not installed.
   *
   * Implements: virConnectDomainQemuMonitorEventRegister.
   * @since 0.1.0
   */
  qemuMonitorEvents(options?: QemuMonitorEventsOptions): Promise<Events<QemuMonitorEvent>> {
    return openMonitorEvents(this.connection, options, this)
  }

  /**
   * A picture of its screen.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` it does not run; `VIR_ERR_INVALID_ARG` no such screen.
   *
   * Implements: virDomainScreenshot.
   * @since 0.1.0
   */
  async screenshot(options?: ScreenshotOptions): Promise<Screenshot> {
    const given = toOptions('options', options, { screen: true, signal: true })
    const signal = toSignal(given.signal)
    const screen = toSize('options.screen', given.screen ?? 0, 0, 2 ** 31 - 1)
    const [stream, mimeType] = await StreamHandle.open(this, native.virDomainScreenshot, [screen], { signal })
    return { mimeType, image: new BytesReader(stream, (ends) => bytesOf(stream, ends), signal) }
  }

  /**
   * Opens a console: what is written is typed, what the guest prints is read. It ends with the domain's run.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` it does not run; `VIR_ERR_INTERNAL_ERROR` no such device;
   * `VIR_ERR_OPERATION_FAILED` somebody has it open.
   *
   * Implements: virDomainOpenConsole.
   * @since 0.1.0
   */
  async openConsole(options?: ConsoleOptions): Promise<Duplex> {
    const { device, signal: given, ...rest } = toOptions('options', options, consoleOptions)
    const signal = toSignal(given)
    const flags = flagsOf(rest, { force: VIR_DOMAIN_CONSOLE.FORCE, safe: VIR_DOMAIN_CONSOLE.SAFE })
    const name = device === undefined ? undefined : toText('options.device', device)
    const [stream] = await StreamHandle.open(this, native.virDomainOpenConsole, [name, flags], { signal })
    return new BytesDuplex(stream, signal)
  }

  /**
   * Opens the host's end of a channel to the guest, one of the kind `unix`.
   *
   * Errors: `VIR_ERR_OPERATION_INVALID` it does not run; `VIR_ERR_INTERNAL_ERROR` no such channel;
   * `VIR_ERR_OPERATION_FAILED` somebody has it open.
   *
   * Implements: virDomainOpenChannel.
   * @since 0.1.0
   */
  async openChannel(options?: ChannelOptions): Promise<Duplex> {
    const { name: given, signal: of, ...rest } = toOptions('options', options, channelOptions)
    const signal = toSignal(of)
    const flags = flagsOf(rest, { force: VIR_DOMAIN_CHANNEL.FORCE })
    const name = given === undefined ? undefined : toText('options.name', given)
    const [stream] = await StreamHandle.open(this, native.virDomainOpenChannel, [name, flags], { signal })
    return new BytesDuplex(stream, signal)
  }
}
