/** This file starts machines, and stops them as gently as they let it. */

import { Connection, type Domain, LibvirtError } from '../../libvirt/index.js'
import { ProvisionError } from '../errors.js'
import { orNone } from '../libvirt/none.js'
import {
  checkInstance,
  checkLine,
  checkOptions,
  checkProgress,
  invalid,
  type KnownOptions,
} from '../options.js'
import { untilAborted, within } from '../steps.js'

/**
 * What {@link startMachine} takes.
 *
 * @since 0.1.0
 */
export interface StartMachineOptions {
  /** Aborting rejects at once; a start that is under way may still be done. */
  readonly signal?: AbortSignal | undefined
}

/**
 * What {@link stopMachine} takes.
 *
 * @since 0.1.0
 */
export interface StopMachineOptions {
  /** Milliseconds that the guest has after its agent was asked. 0: it is not asked. Default 30 000. */
  readonly guestAgentMs?: number | undefined
  /** Milliseconds that it has after ACPI's power button was pressed. 0: it is not pressed. Default 60 000. */
  readonly acpiMs?: number | undefined
  /** Aborting rejects at once; the guest may still do what it was asked for. */
  readonly signal?: AbortSignal | undefined
}

/**
 * How a machine came to be off: by its agent, by ACPI, its power was taken away, or it was off already.
 *
 * @since 0.1.0
 */
export type StoppedBy = 'guest-agent' | 'acpi' | 'off' | 'found'

const startOptions: KnownOptions<StartMachineOptions> = { signal: true }
const stopOptions: KnownOptions<StopMachineOptions> = { guestAgentMs: true, acpiMs: true, signal: true }

/** The machine of that name. Errors: `ERR_RBDKIT_MISSING`. */
export async function machineOf(
  connection: Connection,
  name: string,
  operation: string,
  signal: AbortSignal | undefined,
): Promise<Domain> {
  const domain = await untilAborted(orNone(connection.domainByName(name), 'VIR_ERR_NO_DOMAIN'), signal)
  if (domain !== undefined) return domain
  throw new ProvisionError('ERR_RBDKIT_MISSING', operation, `there is no machine '${name}'`, {
    step: 'domain',
  })
}

/**
 * Starts a machine. `'found'`: it runs already.
 *
 * Errors: {@link ProvisionError} `ERR_RBDKIT_MISSING`; of libvirt, with QEMU's own words, when it does not start;
 * `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`.
 *
 * @since 0.1.0
 */
export async function startMachine(
  connection: Connection,
  name: string,
  options?: StartMachineOptions,
): Promise<'changed' | 'found'> {
  checkInstance('connection', connection, Connection)
  checkLine('name', name)
  const { signal } = checkOptions('options', options, startOptions)
  checkProgress({ signal })
  signal?.throwIfAborted()
  const domain = await machineOf(connection, name, 'startMachine', signal)
  if (await untilAborted(domain.isActive(), signal)) return 'found'
  await untilAborted(domain.create(), signal)
  return 'changed'
}

function checkMs(name: string, value: number | undefined, fallback: number): number {
  if (value === undefined) return fallback
  if (!(Number.isInteger(value) && value >= 0 && value <= 86_400_000))
    throw invalid(name, 'must be whole milliseconds from 0 to 86400000')
  return value
}

/** Asks the guest, and waits; false: it has not gone off in that time, or there was nobody to ask. */
async function asked(
  domain: Domain,
  by: 'guest-agent' | 'acpi',
  ms: number,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const end = performance.now() + ms
  // libvirt waits for the agent's answer, for longer than the caller may want to.
  const answer = within(domain.shutdown({ by: by === 'acpi' ? 'acpi-power-btn' : by }), ms)
  try {
    await untilAborted(answer, signal)
  } catch (error) {
    signal?.throwIfAborted()
    // No agent, or one that does not answer; or the guest went off by itself meanwhile.
    if (!(error instanceof LibvirtError) || by === 'guest-agent') return !(await domain.isActive())
    if (await domain.isActive()) throw error
    return true
  }
  try {
    const timeoutMs = Math.max(1, Math.ceil(end - performance.now()))
    await domain.waitForState('shutoff', { timeoutMs, ...(signal && { signal }) })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ETIMEDOUT') return false
    throw error
  }
}

/**
 * Stops a machine, as gently as it lets it: by the guest's agent, else by ACPI's power button, else by taking its power away. Gives how it
 * went off.
 *
 * Errors: {@link ProvisionError} `ERR_RBDKIT_MISSING`; the signal's reason; of libvirt; `ERR_INVALID_ARG_TYPE`,
 * `ERR_INVALID_ARG_VALUE`.
 *
 * @since 0.1.0
 */
export async function stopMachine(
  connection: Connection,
  name: string,
  options?: StopMachineOptions,
): Promise<StoppedBy> {
  checkInstance('connection', connection, Connection)
  checkLine('name', name)
  const { signal, ...given } = checkOptions('options', options, stopOptions)
  checkProgress({ signal })
  const times = {
    'guest-agent': checkMs('options.guestAgentMs', given.guestAgentMs, 30_000),
    acpi: checkMs('options.acpiMs', given.acpiMs, 60_000),
  }
  signal?.throwIfAborted()
  const domain = await machineOf(connection, name, 'stopMachine', signal)
  if (!(await untilAborted(domain.isActive(), signal))) return 'found'
  for (const by of ['guest-agent', 'acpi'] as const)
    if (times[by] > 0 && (await asked(domain, by, times[by], signal))) return by
  try {
    await untilAborted(domain.destroy(), signal)
  } catch (error) {
    signal?.throwIfAborted()
    if (await domain.isActive()) throw error
  }
  return 'off'
}
