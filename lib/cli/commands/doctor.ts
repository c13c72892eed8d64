/** This file is the command `rbdkit doctor`: what keeps machines on RBD from working, and what to do about it. */

import { Command, InvalidArgumentError } from 'commander'
import type { Finding } from '../../provision/index.js'
import { action } from '../action.js'
import { addConnectionOptions } from '../options/connection.js'
import { addJsonOption, type Flags } from '../options/options.js'
import type { Report, Session } from '../session.js'

interface DoctorFlags extends Flags {
  readonly libvirt?: string | true
  readonly guestUser?: string
  readonly imagesPerPool?: number
  readonly timeout?: number
}

function parseNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = Number(text)
    if (text.trim() === '' || !Number.isInteger(number) || number < least || number > most)
      throw new InvalidArgumentError(`must be a whole number from ${least} to ${most}`)
    return number
  }
}

function inWords({ severity, code, object, message, remedy }: Finding): string {
  return `${severity.toUpperCase()} ${code} ${object}\n  ${message}\n  ${remedy}\n`
}

async function doctor(session: Session<DoctorFlags>, pools: string[]): Promise<Report> {
  const { libvirt, guestUser, imagesPerPool, timeout } = session.flags
  const { signal } = session
  const { diagnose } = await import('../../provision/index.js')
  const { Connection } = await import('../../libvirt/connection.js')
  const uri = libvirt === true ? undefined : libvirt
  const timeoutMs = (timeout ?? 15) * 1000
  const open =
    libvirt === undefined ? undefined : Connection.open(uri, { signal, connectTimeoutMs: timeoutMs })
  const cluster = session.cluster({ connectTimeoutMs: timeoutMs, operationTimeoutMs: timeoutMs })
  try {
    const diagnosis = await diagnose(cluster, open, {
      pools: pools.length === 0 ? undefined : pools,
      user: guestUser,
      imagesPerPool,
      timeoutMs,
      signal,
    })
    const { findings } = diagnosis
    const count = (severity: string, what = severity): string => {
      const { length } = findings.filter((one) => one.severity === severity)
      return `${length} ${what}${length === 1 ? '' : 's'}`
    }
    const sum = `${count('error')}, ${count('warning')}, ${count('info', 'note')}\n`
    return {
      json: diagnosis,
      text: findings.map(inWords).join('') + sum,
      status: findings.some((one) => one.severity === 'error') ? 1 : 0,
    }
  } finally {
    await (await open?.catch(() => undefined))?.close()
  }
}

/** What keeps machines on RBD from working. */
export function command(): Command {
  const described = new Command('doctor')
    .description('look for what keeps machines on RBD from working, and say what to do about it')
    .argument('[pool...]', 'pools of images (default: those of the application rbd)')
    .option('--libvirt [uri]', "also libvirtd (default: LIBVIRT_DEFAULT_URI, or libvirt's own)")
    .option('--guest-user <user-id>', "the guests' user, without its type, whose capabilities are looked at")
    .option('--images-per-pool <n>', 'whose locks are looked at (default: 1000)', parseNumber(0, 1_000_000))
    .option('--timeout <seconds>', 'that a check may take (default: 15)', parseNumber(1, 600))
  return addConnectionOptions(addJsonOption(described)).action(
    action<DoctorFlags, [string[]]>(doctor, 1, true),
  )
}
