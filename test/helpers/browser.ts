/**
 * A real Chromium without a window, for looking at pages that the library makes. It is spoken to in its own protocol
 * (DevTools) over a pair of pipes, so that no port and no library is needed.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'

const DEADLINE_MS = 60_000
const program = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)

interface Message {
  readonly id?: number
  readonly method?: string
  readonly params?: Record<string, unknown>
  readonly result?: Record<string, unknown>
  readonly error?: { readonly message: string }
  readonly sessionId?: string
}

/** How a page is looked at. */
export interface Viewport {
  readonly width: number
  readonly height: number
  /** What `prefers-color-scheme` is. Default: light. */
  readonly dark?: boolean
  /** A touch screen: the page's own viewport setting counts. */
  readonly mobile?: boolean
}

/** A running browser; `await using` ends it and removes its directory. */
export class Browser {
  readonly #child: ChildProcess
  readonly #directory: string
  readonly #waiting = new Map<number, (message: Message) => void>()
  readonly #listeners = new Set<(message: Message) => void>()
  #lastId = 0
  #rest = ''

  private constructor(child: ChildProcess, directory: string) {
    this.#child = child
    this.#directory = directory
    const from = child.stdio[4] as Readable
    from.setEncoding('utf8').on('data', (text: string) => this.#read(text))
  }

  static async launch(): Promise<Browser> {
    if (program === undefined) throw new Error('no Chromium: install the Debian package chromium')
    const directory = mkdtempSync(join(tmpdir(), 'rbdkit-browser-'))
    const flags = ['--headless', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync']
    flags.push('--disable-background-networking', '--disable-component-update', '--disable-dev-shm-usage')
    flags.push('--remote-debugging-pipe', `--user-data-dir=${directory}`, '--hide-scrollbars')
    // Its sandbox does not work for root.
    if (process.getuid?.() === 0) flags.push('--no-sandbox')
    const child = spawn(program, flags, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] })
    await once(child, 'spawn')
    return new Browser(child, directory)
  }

  #read(text: string): void {
    const parts = (this.#rest + text).split('\0')
    this.#rest = parts.pop() ?? ''
    for (const part of parts) {
      const message = JSON.parse(part) as Message
      if (message.id === undefined) for (const listener of this.#listeners) listener(message)
      else this.#waiting.get(message.id)?.(message)
    }
  }

  /** Calls a method of the protocol. */
  async send(
    method: string,
    params: Record<string, unknown> = {},
    sessionId?: string,
  ): Promise<Record<string, unknown>> {
    const id = ++this.#lastId
    const answer = new Promise<Message>((resolve, reject) => {
      this.#waiting.set(id, resolve)
      setTimeout(reject, DEADLINE_MS, new Error(`Chromium did not answer ${method}`)).unref()
    })
    const to = this.#child.stdio[3] as Writable
    to.write(`${JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) })}\0`)
    const { error, result } = await answer.finally(() => this.#waiting.delete(id))
    if (error !== undefined) throw new Error(`${method}: ${error.message}`)
    return result ?? {}
  }

  /** Called with every event. */
  listen(listener: (message: Message) => void): void {
    this.#listeners.add(listener)
  }

  async open(url: string, viewport: Viewport): Promise<Page> {
    const { targetId } = await this.send('Target.createTarget', { url: 'about:blank' })
    const { sessionId } = await this.send('Target.attachToTarget', { targetId, flatten: true })
    return Page.load(this, sessionId as string, url, viewport)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, 'exit')
    const late = setTimeout(() => this.#child.kill('SIGKILL'), 10_000)
    if (this.#child.exitCode === null) {
      await this.send('Browser.close').catch(() => this.#child.kill('SIGKILL'))
      await ended
    }
    clearTimeout(late)
    rmSync(this.#directory, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** A page that has been loaded. */
export class Page {
  readonly #browser: Browser
  readonly #session: string
  /** What the browser complained of: exceptions, console errors and warnings, violations of the policy. */
  readonly problems: string[] = []
  /** Everything that was asked for, the page itself first. */
  readonly requests: string[] = []

  private constructor(browser: Browser, session: string) {
    this.#browser = browser
    this.#session = session
  }

  /** @internal */
  static async load(browser: Browser, session: string, url: string, viewport: Viewport): Promise<Page> {
    const page = new Page(browser, session)
    // Loads by the navigation they belong to: the empty page that was there first is loaded too.
    const loads = new Set<unknown>()
    let tell = (): void => {}
    browser.listen(({ method, params, sessionId }) => {
      if (sessionId !== session || method === undefined || params === undefined) return
      if (method === 'Page.lifecycleEvent' && params.name === 'load') {
        loads.add(params.loaderId)
        tell()
      }
      page.#note(method, params)
    })
    for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await page.send(`${domain}.enable`)
    const { width, height, mobile = false, dark = false } = viewport
    await page.send('Emulation.setDeviceMetricsOverride', { width, height, mobile, deviceScaleFactor: 1 })
    const features = [{ name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }]
    await page.send('Emulation.setEmulatedMedia', { features })
    await page.send('Page.setLifecycleEventsEnabled', { enabled: true })
    const { loaderId, errorText } = await page.send('Page.navigate', { url })
    if (errorText !== undefined) throw new Error(`${url}: ${errorText}`)
    const deadline = performance.now() + DEADLINE_MS
    while (!loads.has(loaderId)) {
      if (performance.now() > deadline) throw new Error(`${url} did not load`)
      await Promise.race([new Promise<void>((resolve) => (tell = resolve)), sleep(1000)])
    }
    return page
  }

  #note(method: string, params: Record<string, unknown>): void {
    const text = JSON.stringify(params)
    if (method === 'Runtime.exceptionThrown' || method === 'Log.entryAdded') this.problems.push(text)
    if (method === 'Runtime.consoleAPICalled') this.problems.push(text)
    if (method === 'Page.javascriptDialogOpening') this.problems.push(text)
    if (method === 'Network.requestWillBeSent') {
      this.requests.push((params.request as { url: string }).url)
    }
  }

  send(method: string, params: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
    return this.#browser.send(method, params, this.#session)
  }

  /** The value of an expression in the page. */
  async evaluate<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', {
      expression,
      returnByValue: true,
      awaitPromise: true,
    })
    if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails))
    return (result as { value: T }).value
  }

  /** Moves the pointer there. */
  async point(x: number, y: number): Promise<void> {
    await this.send('Input.dispatchMouseEvent', { type: 'mouseMoved', x, y })
  }

  /** The whole page, or what is seen of it, as PNG. */
  async screenshot(whole = true): Promise<Buffer> {
    const { data } = await this.send('Page.captureScreenshot', {
      captureBeyondViewport: whole,
      ...(whole ? { clip: await this.#all() } : {}),
    })
    return Buffer.from(data as string, 'base64')
  }

  async #all(): Promise<Record<string, number>> {
    const { cssContentSize } = await this.send('Page.getLayoutMetrics')
    return { ...(cssContentSize as Record<string, number>), scale: 1 }
  }
}
