/**
 * This file lays a few files out as a file system of CD-ROMs: ISO 9660 (ECMA-119, whose sections are named below) with the
 * names of Joliet beside its own short ones. That is what cloud-init looks for, and what every guest reads.
 */

const SECTOR = 2048
/** The first 16 sectors are the system's, 6.2.1. */
const FIRST_DESCRIPTOR = 16

/** A file of the root directory. */
export interface IsoFile {
  readonly name: string
  readonly data: Buffer
}

/** A number as little-endian and then as big-endian, 7.3.3. */
function both32(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeUInt32LE(value, 0)
  bytes.writeUInt32BE(value, 4)
  return bytes
}

/** The same of 16 bits, 7.2.3. */
function both16(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt16LE(value, 0)
  bytes.writeUInt16BE(value, 2)
  return bytes
}

/** Text in big-endian UCS-2, as Joliet has it. */
function ucs2(text: string): Buffer {
  return Buffer.from(text, 'utf16le').swap16()
}

/** How the two trees, the primary one and Joliet's, write their texts. */
interface Form {
  readonly type: number
  /** Escape sequences, 8.5.6; UCS-2 level 3 for Joliet. */
  readonly escapes: string
  readonly text: (text: string) => Buffer
  readonly space: Buffer
  readonly nameOf: (name: string) => Buffer
}

const primary: Form = {
  type: 1,
  escapes: '',
  text: (text) => Buffer.from(text, 'latin1'),
  space: Buffer.from(' '),
  // Eight letters, digits and '_', 7.5.1. Who reads Joliet's names does not see them.
  nameOf: (name) =>
    Buffer.from(
      `${name
        .toUpperCase()
        .replace(/[^A-Z0-9_]/g, '')
        .slice(0, 8)}.;1`,
      'latin1',
    ),
}

const joliet: Form = { type: 2, escapes: '%/E', text: ucs2, space: ucs2(' '), nameOf: ucs2 }

/** A field of `length` bytes, filled up with spaces. */
function field(form: Form, text: string, length: number): Buffer {
  return Buffer.alloc(length, form.space).fill(form.text(text), 0, Math.min(length, form.text(text).length))
}

/** The time of a directory record, 9.1.5: years since 1900, in GMT. */
function recordTime(date: Date): Buffer {
  const parts = [
    date.getUTCFullYear() - 1900,
    date.getUTCMonth() + 1,
    date.getUTCDate(),
    date.getUTCHours(),
    date.getUTCMinutes(),
    date.getUTCSeconds(),
    0,
  ]
  return Buffer.from(parts)
}

/** The time of a descriptor, 8.4.26.1: digits, hundredths of a second among them, and the zone. */
function descriptorTime(date: Date): Buffer {
  const digits = date.toISOString().replace(/\D/g, '').slice(0, 16)
  return Buffer.concat([Buffer.from(digits, 'latin1'), Buffer.from([0])])
}

const noTime = Buffer.concat([Buffer.alloc(16, '0'), Buffer.from([0])])

/** A directory record, 9.1. */
function record(name: Buffer, sector: number, size: number, isDirectory: boolean, date: Date): Buffer {
  const padding = name.length % 2 === 0 ? 1 : 0
  const length = 33 + name.length + padding
  return Buffer.concat([
    Buffer.from([length, 0]),
    both32(sector),
    both32(size),
    recordTime(date),
    Buffer.from([isDirectory ? 2 : 0, 0, 0]),
    both16(1),
    Buffer.from([name.length]),
    name,
    Buffer.alloc(padding),
  ])
}

/** The only record of a path table, 9.4: the root. */
function pathTable(rootSector: number, isBigEndian: boolean): Buffer {
  const table = Buffer.alloc(10)
  table[0] = 1
  if (isBigEndian) {
    table.writeUInt32BE(rootSector, 2)
    table.writeUInt16BE(1, 6)
  } else {
    table.writeUInt32LE(rootSector, 2)
    table.writeUInt16LE(1, 6)
  }
  return table
}

/** Where the parts of one tree are, in sectors. */
interface Places {
  readonly little: number
  readonly big: number
  readonly root: number
}

/** A volume descriptor, 8.4 and 8.5. */
function descriptor(form: Form, label: string, sectors: number, places: Places, date: Date): Buffer {
  const tableSize = 10
  const bytes = Buffer.concat([
    Buffer.from([form.type]),
    Buffer.from('CD001', 'latin1'),
    Buffer.from([1, 0]),
    field(form, '', 32),
    field(form, label, 32),
    Buffer.alloc(8),
    both32(sectors),
    Buffer.alloc(32).fill(form.escapes === '' ? '\0' : form.escapes, 0, form.escapes.length),
    both16(1),
    both16(1),
    both16(SECTOR),
    both32(tableSize),
    le32(places.little),
    le32(0),
    be32(places.big),
    be32(0),
    record(Buffer.from([0]), places.root, SECTOR, true, date),
    field(form, '', 128 * 4),
    field(form, '', 37 * 3),
    descriptorTime(date),
    descriptorTime(date),
    noTime,
    noTime,
    Buffer.from([1]),
  ])
  return Buffer.alloc(SECTOR).fill(bytes, 0, bytes.length)
}

function le32(value: number): Buffer {
  return both32(value).subarray(0, 4)
}

function be32(value: number): Buffer {
  return both32(value).subarray(4)
}

function directory(
  form: Form,
  root: number,
  files: readonly (IsoFile & { sector: number })[],
  date: Date,
): Buffer {
  const records = files
    .map(({ name, data, sector }) => ({ name: form.nameOf(name), data, sector }))
    .sort((a, b) => Buffer.compare(a.name, b.name))
    .map(({ name, data, sector }) => record(name, sector, data.length, false, date))
  return Buffer.concat([
    record(Buffer.from([0]), root, SECTOR, true, date),
    record(Buffer.from([1]), root, SECTOR, true, date),
    ...records,
  ])
}

function sectorsOf(bytes: number): number {
  return Math.ceil(bytes / SECTOR)
}

/**
 * A disk with these files in its root directory, and a label. The files' short names, the first eight letters and digits of
 * each, differ; a directory of a sector has room for them.
 */
export function iso9660(label: string, files: readonly IsoFile[], date: Date): Buffer {
  const first = FIRST_DESCRIPTOR + 3
  const places = [primary, joliet].map((form, i) => ({
    form,
    at: { little: first + i, big: first + 2 + i, root: first + 4 + i },
  }))
  let sector = first + 6
  const placed = files.map((file) => {
    // What is empty is nowhere.
    const at = { ...file, sector: file.data.length === 0 ? 0 : sector }
    sector += sectorsOf(file.data.length)
    return at
  })
  const disk = Buffer.alloc(sector * SECTOR)
  const put = (at: number, bytes: Buffer): void => {
    bytes.copy(disk, at * SECTOR)
  }
  places.forEach(({ form, at }, i) => {
    put(FIRST_DESCRIPTOR + i, descriptor(form, label, sector, at, date))
    put(at.little, pathTable(at.root, false))
    put(at.big, pathTable(at.root, true))
    put(at.root, directory(form, at.root, placed, date))
  })
  // The end of the descriptors, 8.3.
  put(FIRST_DESCRIPTOR + 2, Buffer.from('\xffCD001\x01', 'latin1'))
  for (const { sector: at, data } of placed) put(at, data)
  return disk
}
