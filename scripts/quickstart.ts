/** `npm run quickstart`: the main job on a local Ceph and libvirtd, with a progress bar and a table of times. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { SingleBar } from 'cli-progress'
import { DevError, LocalCluster, LocalHypervisor } from 'rbdkit/dev'
import { type MainJobResult, mainJob, type Observer } from './main-job.js'

const MIB = 1024 * 1024
const EXIT_BY_SIGINT = 130

/** Shows the job on the terminal. */
class Terminal implements Observer {
  #bar: SingleBar | undefined

  begin(title: string): void {
    console.log(`> ${title}`)
  }

  progress(bytesDone: number, bytesTotal: number): void {
    // Not before the source is open and its size known.
    if (bytesTotal === 0) return
    if (!this.#bar) {
      this.#bar = new SingleBar({ format: '  [{bar}] {percentage} %  {value}/{total} MiB', hideCursor: true })
      this.#bar.start(Math.ceil(bytesTotal / MIB), 0)
    }
    this.#bar.update(Math.ceil(bytesDone / MIB))
  }

  line(text: string): void {
    console.log(`  | ${text}`)
  }

  end(_title: string, seconds: number): void {
    this.clear()
    console.log(`  ${seconds.toFixed(1)} s`)
  }

  /** Leaves the cursor on a line of its own, visible. */
  clear(): void {
    this.#bar?.stop()
    this.#bar = undefined
  }
}

function check(what: string, holds: boolean): void {
  if (!holds) throw new Error(`not so: ${what}`)
  console.log(`ok: ${what}`)
}

function showResult(result: MainJobResult): void {
  console.log()
  const { volumes } = result
  if (volumes === undefined) {
    console.log(
      "left out: libvirt's list of the images, for its RBD storage pools do not start with this Ceph",
    )
  } else {
    check(
      'libvirt lists the image and its clone',
      ['golden', 'vm1'].every((name) => volumes.includes(name)),
    )
  }
  check('the guest read the block that rbdkit wrote', result.console.includes(result.questionSha256))
  check("rbdkit reads the guest's answer to that block", result.answer.sha256 === result.questionSha256)
  check('copy and export have the same digest', result.digests.copied === result.digests.exported)
  check(
    'the exported copy is the disk, with both blocks',
    result.exported.sha256 === result.exported.expected,
  )
  console.log(`\nThe guest ran Linux ${result.answer.kernel} from its RBD disk.\n`)
}

function showTimes(times: { title: string; seconds: number }[]): void {
  const width = Math.max(...times.map(({ title }) => title.length))
  for (const { title, seconds } of times)
    console.log(`${title.padEnd(width)}  ${seconds.toFixed(1).padStart(6)} s`)
}

const NEXT = `
What next:
  node dist/cli/main.js dev up --hypervisor   a Ceph and a libvirtd that stay, until 'dev down' instead of 'dev up'
  eval "$(node dist/cli/main.js dev env)"     CEPH_CONF and LIBVIRT_DEFAULT_URI for them
  docs/guide/getting-started.md               the first lines of a program; examples/ has whole ones
  scripts/main-job.ts                         what ran just now
  npm test                                    every test, on daemons of its own`

async function main(): Promise<void> {
  const stop = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(name, () => {
      console.log('\nstopping: cleaning up')
      stop.abort()
    })
  }
  const { signal } = stop
  const terminal = new Terminal()
  const started = performance.now()
  const seconds = (since: number): number => (performance.now() - since) / 1000
  try {
    terminal.begin('start a local Ceph and libvirtd')
    await using cluster = await LocalCluster.start({ signal })
    await using hypervisor = await LocalHypervisor.start({ signal })
    // Inside theirs, so that it goes with it, however this process ends.
    const directory = join(hypervisor.directory, 'quickstart')
    await mkdir(directory)
    const times = [{ title: 'start a local Ceph and libvirtd', seconds: seconds(started) }]
    terminal.end('', seconds(started))

    const result = await mainJob({
      confFile: cluster.confFile,
      libvirtUri: hypervisor.uri,
      directory,
      name: 'quickstart',
      text: `Hello from Node ${process.version}, process ${process.pid}`,
      observer: terminal,
      signal,
    })
    showResult(result)
    times.push(...result.times)
    const cleaning = performance.now()
    await hypervisor.close()
    await cluster.close()
    times.push(
      { title: 'stop both', seconds: seconds(cleaning) },
      { title: 'all', seconds: seconds(started) },
    )
    showTimes(times)
    console.log(NEXT)
  } catch (error) {
    terminal.clear()
    if (!signal.aborted)
      console.error('\nThe quickstart failed:', error instanceof DevError ? error.message : error)
    process.exitCode = signal.aborted ? EXIT_BY_SIGINT : 1
  }
}

await main()
