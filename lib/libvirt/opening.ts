// How a connection is opened, of whatever kind: the time that it may take, and who is asked for credentials.

import { constants } from 'node:os'
import { native } from '../internal/addon.js'
import { untilAborted } from '../internal/call-options.js'
import { type Owner, startTask } from '../internal/dispatcher.js'
import { credentialTypes } from '../internal/generated/libvirt.js'
import type { Task } from '../internal/native/core.js'
import type { NativeQuestion } from '../internal/native/libvirt.js'
import { invalidSecretType } from '../internal/validate.js'
import { type LibvirtErrorContext, libvirtError, systemError } from './errors.js'

/**
 * libvirt's virConnectCredentialType.
 *
 * @since 0.1.0
 */
export type CredentialType = (typeof credentialTypes)[keyof typeof credentialTypes]

/**
 * What a daemon or a hypervisor asks for while a connection is opened.
 *
 * @since 0.1.0
 */
export interface CredentialRequest {
  type: CredentialType
  /** What to ask a person: `'Enter username for localhost'`. */
  prompt: string
  /** What a digest is to be made of; `undefined` where there is none. libvirt 9.0 gives the host's name. */
  challenge: string | undefined
  /** What an empty answer would mean; `undefined` where it has no meaning. */
  default: string | undefined
}

/**
 * Gives as many answers as there are requests, in their order. `signal` is aborted when nobody waits for them any longer.
 *
 * @since 0.1.0
 */
export type CredentialsHandler = (
  requests: readonly CredentialRequest[],
  options: { signal: AbortSignal },
) => readonly string[] | Promise<readonly string[]>

/** Says nothing of what was given: it may be a secret. */
function checkAnswers(given: unknown, count: number): string[] {
  const right =
    Array.isArray(given) &&
    given.length === count &&
    given.every((one) => typeof one === 'string' && !one.includes('\0'))
  if (right) return given
  throw invalidSecretType('answers', `an array of ${count} texts without NUL`, given)
}

/** How one is opened. */
interface Opening<A extends unknown[]> {
  open: Task<A, number>
  args: A
  context: LibvirtErrorContext
  timeoutMs: number
  signal: AbortSignal | undefined
  credentials?: CredentialsHandler | undefined
}

/** The handle. The promise settles at once when the time is over or the signal aborted. */
export async function openHandle<A extends unknown[]>(opening: Opening<A>): Promise<number> {
  const { open, args, context, timeoutMs, credentials } = opening
  const owner: Owner = {
    inFlight: 0,
    idle: () => {},
    makeError: (result, _syscall, value) => libvirtError(result, value, context),
  }
  const timeout = new AbortController()
  const timer = setTimeout(() => timeout.abort(), timeoutMs)
  const over = new AbortController()
  const signals = [timeout.signal, ...(opening.signal ? [opening.signal] : [])]
  let thrown: { error: unknown } | undefined
  const ask = async ({ question, asked }: NativeQuestion): Promise<void> => {
    const requests = asked.map((one) => ({
      type: credentialTypes[one.type as keyof typeof credentialTypes],
      prompt: one.prompt ?? '',
      challenge: one.challenge,
      default: one.default,
    }))
    let answers: string[] = []
    const signal = AbortSignal.any([over.signal, ...signals])
    try {
      const given = (async () => credentials?.(requests, { signal }))()
      answers = checkAnswers(await untilAborted(given, signal), requests.length)
    } catch (error) {
      thrown ??= { error }
    }
    await startTask(owner, native.answerCredentials, [question, answers])
  }
  try {
    // Native code leaves the call behind when it is cancelled.
    return await startTask(owner, open, args, {
      signal: AbortSignal.any(signals),
      onAbort: 'cancel',
      onProgress: (question: NativeQuestion) => void ask(question),
    })
  } catch (error) {
    if (opening.signal?.aborted) throw error
    if (timeout.signal.aborted)
      throw systemError(-constants.errno.ETIMEDOUT, context, 'the daemon does not answer')
    throw thrown === undefined ? error : thrown.error
  } finally {
    clearTimeout(timer)
    over.abort()
  }
}
