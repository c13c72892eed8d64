/**
 * `npm run xml-corpus -- DIRECTORY`: every XML document below a directory is read, written again, and compared with
 * itself by xmllint's canonical form; what libvirt's views read of it is set again. Made for libvirt's own tests
 * (`tests/` of its source), which are not in this repository.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { xml } from 'rbdkit/libvirt'

const run = promisify(execFile)
const views = [
  xml.DomainXml,
  xml.DiskXml,
  xml.InterfaceXml,
  xml.StoragePoolXml,
  xml.StorageVolumeXml,
  xml.SecretXml,
  xml.SnapshotXml,
  xml.CheckpointXml,
  xml.BackupXml,
  xml.CapabilitiesXml,
  xml.DomainCapabilitiesXml,
  xml.NetworkXml,
  xml.NodeDeviceXml,
]

/** Files below a directory; a link is followed to a file and not to a directory, which might hold it. */
async function* documents(directory: string): AsyncGenerator<string> {
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) yield* documents(path)
    else if (entry.name.endsWith('.xml')) yield path
  }
}

async function canonical(...files: string[]): Promise<string> {
  return (await run('xmllint', ['--nonet', '--c14n', ...files], { maxBuffer: 256 << 20 })).stdout
}

/** Documents that xmllint is given at once. */
const BATCH = 50

const found = { documents: 0, refused: 0, viewed: 0, values: 0 }
const wrong: string[] = []

/** Takes each value of a view out and sets it again; it must be read again, and the document stay well-formed. */
function exercise(view: xml.XmlView, file: string): void {
  const keys: string[] = []
  for (let at = Object.getPrototypeOf(view); at !== xml.XmlView.prototype; at = Object.getPrototypeOf(at))
    keys.push(...Object.keys(at))
  for (const key of keys) {
    const place = `${file}: ${view.element.name}.${key}`
    try {
      const value: unknown = Reflect.get(view, key)
      if (value === undefined || (Array.isArray(value) && value.length === 0)) continue
      found.values++
      const inner = Array.isArray(value) ? value : [value]
      for (const one of inner) if (one instanceof xml.XmlView) exercise(one, file)
      const before = String(view)
      Reflect.set(view, key, value)
      if (String(view) !== before) wrong.push(`${place}: changes though it is set to what it is`)
      if (typeof value !== 'string' && typeof value !== 'number') continue
      Reflect.set(view, key, undefined)
      Reflect.set(view, key, value)
      if (Reflect.get(view, key) !== value) wrong.push(`${place}: is not what was set`)
      xml.parse(String(view))
    } catch (error) {
      // What libvirt's tests hold to be refused by libvirt may be refused here; what only libvirt writes cannot be set.
      if (!/^ERR_(INVALID|OUT)/.test((error as { code?: string }).code ?? ''))
        wrong.push(`${place}: ${error}`)
    }
  }
}

/** Reads a document, and writes it to a file; whether it could. */
async function check(file: string, written: string): Promise<boolean> {
  found.documents++
  const text = await readFile(file, 'utf8')
  let document: xml.XmlDocument
  try {
    document = xml.parseDocument(text)
  } catch (error) {
    const other = await canonical(file).then(
      () => true,
      () => false,
    )
    if (other) wrong.push(`${file}: ${(error as Error).message}, but xmllint reads it`)
    else found.refused++
    return false
  }
  await writeFile(written, xml.serialize(document))
  const view = views.find(({ elements }) => elements.includes(document.root.name))
  if (view !== undefined) {
    found.viewed++
    exercise(new view(document), file)
  }
  return true
}

/** Compares documents with what was written of them: all at once, and one by one where that differs. */
async function compare(pairs: readonly (readonly [string, string])[]): Promise<void> {
  const sides = [pairs.map(([file]) => file), pairs.map(([, written]) => written)]
  const [before, after] = await Promise.all(sides.map((files) => canonical(...files)))
  if (before === after) return
  for (const [file, written] of pairs) {
    if ((await canonical(file)) !== (await canonical(written))) wrong.push(`${file}: is not what it was`)
  }
}

const [directory] = process.argv.slice(2)
if (directory === undefined) throw new Error('usage: npm run xml-corpus -- DIRECTORY')
const temporary = await mkdtemp(join(tmpdir(), 'rbdkit-corpus-'))
try {
  let pairs: [string, string][] = []
  for await (const file of documents(directory)) {
    const written = join(temporary, `${pairs.length}.xml`)
    if (await check(file, written)) pairs.push([file, written])
    if (pairs.length < BATCH) continue
    await compare(pairs)
    pairs = []
  }
  if (pairs.length > 0) await compare(pairs)
} finally {
  await rm(temporary, { recursive: true })
}
for (const line of wrong) console.log(line)
console.log(
  `${found.documents} documents, of which ${found.refused} are no XML for xmllint either; ` +
    `${found.viewed} have a view, with ${found.values} values; ${wrong.length} differences`,
)
process.exitCode = wrong.length > 0 ? 1 : 0
