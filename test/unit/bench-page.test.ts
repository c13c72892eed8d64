/** The pages, in a real browser: drawn, quiet, alone, and safe from the names that are in them. */

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t, { type Test } from 'tap'
import { comparePage } from '../../lib/bench/report/compare-page.js'
import { runOfFile, runOfResult } from '../../lib/bench/report/read.js'
import { reportPage } from '../../lib/bench/report/report-page.js'
import type { Run } from '../../lib/bench/report/run.js'
import { madeUpResult } from '../helpers/bench-result.js'
import { Browser, type Page, type Viewport } from '../helpers/browser.js'
import { root } from '../helpers/package.js'

t.setTimeout(180_000)
const desktop: Viewport = { width: 1280, height: 900 }
const phone: Viewport = { width: 375, height: 800, mobile: true }

const browser = Browser.launch()
t.teardown(async () => (await browser)[Symbol.asyncDispose]())

function named(label: string, run: Run): Run {
  return { ...run, label }
}

async function show(t: Test, html: string, viewport: Viewport): Promise<Page> {
  const file = join(t.testdir(), 'page.html')
  writeFileSync(file, html)
  const page = await (await browser).open(pathToFileURL(file).href, viewport)
  t.same(page.problems, [], 'no error, no warning, no violation of the policy')
  t.same(page.requests, [pathToFileURL(file).href], 'nothing is fetched')
  return page
}

/** Boxes of everything that must be seen, outside of it, and too wide. */
interface Layout {
  readonly charts: {
    width: number
    height: number
    lines: { length: number; width: number; height: number }[]
  }[]
  readonly tiles: number[]
  readonly texts: string[]
  readonly wide: number
}

const layout = `(() => {
  const box = (element) => element.getBoundingClientRect()
  return {
    charts: [...document.querySelectorAll('.plot svg')].map((svg) => ({
      width: box(svg).width, height: box(svg).height,
      lines: [...svg.querySelectorAll('path.line')].map((path) => ({
        length: path.getTotalLength(), width: box(path).width, height: box(path).height,
      })),
    })),
    tiles: [...document.querySelectorAll('.tiles dd')].map((tile) => Math.min(box(tile).width, box(tile).height)),
    texts: [...document.querySelectorAll('.plot h3')].map((title) => title.textContent),
    wide: document.documentElement.scrollWidth - innerWidth,
  }
})()`

function checkDrawn(t: Test, { charts, tiles, wide }: Layout, width: number): void {
  t.equal(wide, 0, 'nothing sticks out')
  for (const chart of charts) {
    t.ok(chart.width > width / 4 && chart.height > 100, `a chart of ${chart.width} x ${chart.height}`)
    t.ok(chart.lines.length > 0, 'it has lines')
    for (const line of chart.lines) {
      t.ok(line.length > 500 && line.width > chart.width / 2, `a line over ${line.width} of ${chart.width}`)
      t.ok(line.height > 0 && line.height <= chart.height + 4, 'up and down, inside')
    }
  }
  for (const side of tiles) t.ok(side > 15, 'a tile with a number')
}

t.test('one run', async (t) => {
  const html = reportPage(runOfResult(madeUpResult({ read: 300, write: 100 })))
  t.notMatch(html, /<script|https?:|url\(|@import|\son\w+=/i, 'no script, no address')
  for (const [name, viewport] of [
    ['on a desk', desktop],
    ['in the dark', { ...desktop, dark: true }],
    ['on a phone', phone],
  ] as const) {
    await t.test(name, async (t) => {
      const page = await show(t, html, viewport)
      const seen = await page.evaluate<Layout>(layout)
      t.same(seen.texts, ['IOPS', 'Bandwidth', 'Read latency', 'Write latency', 'Latency by percentile'])
      checkDrawn(t, seen, viewport.width)
      t.ok(seen.tiles.length >= 5)
      const [ink, paper] = await page.evaluate<[string, string]>(
        '[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]',
      )
      const light = (color: string): number => Number(/\d+/.exec(color)?.[0])
      t.equal(light(ink) > light(paper), name === 'in the dark', `${ink} on ${paper}`)
      t.ok((await page.screenshot()).length > 20_000, 'a picture with something in it')
    })
  }
})

t.test('what is under the pointer is told', async (t) => {
  const page = await show(t, reportPage(runOfResult(madeUpResult({ seconds: 10 }))), desktop)
  const visible = `[...document.querySelectorAll('.col p')].filter((one) => one.getBoundingClientRect().height > 0).map((one) => one.textContent)`
  t.same(await page.evaluate(visible), [])
  const [x = 0, y = 0] = await page.evaluate<number[]>(
    `(() => { const b = document.querySelector('.plot .field').getBoundingClientRect(); return [b.left + b.width * 0.5, b.top + 50] })()`,
  )
  await page.point(x, y)
  const shown = await page.evaluate<string[]>(visible)
  t.equal(shown.length, 1)
  t.match(shown[0], /^5 sread\d+$/, 'the second and its IOPS')
})

t.test('names that would be code stay names', async (t) => {
  const evil = `</title></style><script>document.title='x'</script>"'><img src=x onerror="alert(1)"><b>&amp;\u202e`
  const made = madeUpResult({ image: evil, pool: evil, seconds: 3, options: { [evil]: evil, bs: evil } })
  const run = named(evil, runOfResult(made))
  for (const html of [reportPage(run), comparePage([run, run])]) {
    const page = await show(t, html, desktop)
    const found = await page.evaluate<{ scripts: number; bold: number; title: string; text: string }>(
      `({ scripts: document.querySelectorAll('script, img').length, bold: document.querySelectorAll('body b:not(.key)').length, title: document.title, text: document.body.innerText })`,
    )
    t.match(found, { scripts: 0, bold: 0 })
    t.ok(found.title.includes('</title></style><script>'), 'it is in the title, as text')
    t.ok(found.text.includes(`"'><img src=x onerror="alert(1)"><b>&amp;`), 'and on the page')
    const wide = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
    t.equal(wide, 0, 'nor does it tear the page')
  }
})

t.test("several runs, fio's among them", async (t) => {
  const text = readFileSync(join(root, 'test', 'fixtures', 'bench', 'fio-clat.json'), 'utf8')
  const runs = [
    named('a.json', runOfResult(madeUpResult({ read: 300 }))),
    named('b.json', runOfResult(madeUpResult({ read: 400, seed: 9 }))),
    runOfFile(text, 'fio.json', 'fio.json'),
  ]
  const html = comparePage(runs)
  for (const viewport of [desktop, phone]) {
    const page = await show(t, html, viewport)
    const seen = await page.evaluate<Layout>(layout)
    checkDrawn(t, seen, viewport.width)
    t.same(seen.texts.slice(0, 4), ['Latency by percentile', 'p99 latency', 'IOPS', 'Bandwidth'])
    t.equal(seen.charts[0]?.lines.length, 3, 'curves over each other')
    t.equal(seen.charts[1]?.lines.length, 2, 'fio has no seconds')
    const words = await page.evaluate<string>('document.body.innerText')
    t.match(words, /No figures by the second in fio\.json/)
    t.match(words, /\u25b2 1\.3\dx/, 'the better ratio')
  }
})

t.test('few figures: one second, none by the second', async (t) => {
  for (const change of [
    { seconds: 1, read: 20 },
    { seconds: 1, read: 1 },
  ]) {
    const run = runOfResult(madeUpResult(change))
    await show(t, reportPage(run), desktop)
    t.notMatch(reportPage(run), /NaN|undefined|Infinity/)
  }
  const long = runOfResult(madeUpResult({ seconds: 1000, read: 12 }))
  const page = await show(t, reportPage(long), desktop)
  t.match(await page.evaluate('document.body.innerText'), /each point is 9 s: their mean/)
})

/** Of Chromium's default: Letter, with margins of 0.4 inches. */
const paper = { width: 739, height: 979 }

t.test('on paper the pages are full, but the last', async (t) => {
  const client = Object.fromEntries(
    Array.from({ length: 25 }, (_, i) => [`rbd_option_of_librbd_${i}`, String(i)]),
  )
  const result = madeUpResult({ write: 300 })
  result.settings = { ...result.settings, client }
  const page = await show(t, reportPage(runOfResult(result)), desktop)
  const { data } = await page.send('Page.printToPDF', {})
  const pdf = Buffer.from(data as string, 'base64').toString('latin1')
  const pages = [...pdf.matchAll(/\/Type\s*\/Page\b/g)].length
  await page.send('Emulation.setEmulatedMedia', { media: 'print' })
  await page.send('Emulation.setDeviceMetricsOverride', { ...paper, mobile: false, deviceScaleFactor: 1 })
  const height = await page.evaluate<number>("document.querySelector('main').getBoundingClientRect().height")
  t.ok(pages >= 1 && pages <= 3, `${pages} pages`)
  t.ok(height > (pages - 1) * paper.height * 0.85, `${height} px fill ${pages} pages of ${paper.height}`)
})
