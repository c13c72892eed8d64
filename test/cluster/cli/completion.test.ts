/** `rbdkit completion bash` in a real bash: commands, options, files, and names of the cluster. */

import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Group, Image, namespaceCreate, Trash } from 'rbdkit'
import t from 'tap'
import { randomName } from '../../helpers/cluster.js'
import { mib, openPool, settledNames, withImage } from '../copy/fixture.js'
import { program, until } from './fixture.js'

const exec = promisify(execFile)
t.setTimeout(300_000)

t.test('what Tab gives', async (t) => {
  const { cluster, ioctx, test } = await openPool(t)
  const pool = ioctx.pool
  const directory = t.testdir({
    rbdkit: `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`,
    files: { 'disk.raw': '', 'disk.qcow2': '', other: '' },
  })
  const env = {
    ...process.env,
    CEPH_CONF: test.confFile,
    NODE_OPTIONS: '',
    PATH: `${directory}:${process.env.PATH}`,
  }
  await exec('chmod', ['+x', join(directory, 'rbdkit')])
  const { stdout: script } = await exec('rbdkit', ['completion', 'bash'], { env })
  /** The words that bash would offer for a line that ends where the cursor is. */
  const complete = async (line: string): Promise<string[]> => {
    const ask = `${script}
COMP_LINE=$1 COMP_POINT=\${#1}
read -ra COMP_WORDS <<<"$1"
COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
cd '${join(directory, 'files')}'
_rbdkit
printf '%s\\n' "\${COMPREPLY[@]}"`
    const { stdout, stderr } = await exec('bash', ['--norc', '-c', ask, 'bash', line], { env })
    t.equal(stderr, '')
    return stdout.split('\n').filter((word) => word !== '')
  }
  const namespace = randomName('ns')
  await namespaceCreate(ioctx, namespace)
  for (const name of ['vm1', 'vm2', 'golden']) await Image.create(ioctx, name, { size: mib })
  await withImage(ioctx, 'vm1', async (image) => {
    await image.snapshots.create('monday')
    await image.snapshots.create('tuesday')
  })

  const commands = await complete('rbdkit ')
  for (const command of [
    'cp',
    'import',
    'export',
    'info',
    'ls',
    'du',
    'rm',
    'snap',
    'bench',
    'completion',
    'dev',
  ])
    t.ok(commands.includes(command), command)
  t.same(await complete('rbdkit exp'), ['export', 'export-diff'])
  t.same(await complete('rbdkit cp a b --verify '), ['none', 'checksum', 'osd', 'read-back', 'full'])
  t.same(await complete('rbdkit import a b --format '), ['raw', 'qcow2', 'vmdk', 'vhdx', 'vdi', 'vpc'])
  t.same((await complete('rbdkit merge-diff other disk')).sort(), ['disk.qcow2', 'disk.raw'])
  t.same(await complete(`rbdkit import-diff other ${pool}/g`), [`${pool}/golden`])
  t.same(await complete('rbdkit snap r'), ['rm', 'rename', 'rollback'])
  t.same(await complete('rbdkit import --s'), ['--stripe-unit', '--stripe-count'])
  t.ok((await complete('rbdkit snap ls --')).includes('--namespace'))
  t.same(await complete('rbdkit bench x --rw=x --eta '), ['auto', 'always', 'never'])
  t.same((await complete('rbdkit import disk')).sort(), ['disk.qcow2', 'disk.raw'])
  t.same(await complete('rbdkit info --conf o'), ['other'])

  t.ok((await complete('rbdkit info ')).includes(`${pool}/`), 'pools')
  t.same(await complete(`rbdkit info ${pool.slice(0, -1)}`), [`${pool}/`])
  t.same(await complete(`rbdkit remove ${pool}/v`), [`${pool}/vm1`, `${pool}/vm2`])
  t.same(await complete(`rbdkit cp ${pool}/vm1 ${pool}/${namespace.slice(0, 4)}`), [`${pool}/${namespace}/`])
  t.same(await complete(`rbdkit ls ${pool.slice(0, -1)}`), [pool])
  t.same(await complete(`rbdkit ls -l ${pool}/`), [`${pool}/${namespace}`])
  t.same(await complete(`rbdkit rm -p ${pool} g`), ['golden'])
  t.same(await complete(`rbdkit snap rm ${pool}/vm1`), [`${pool}/vm1@`])
  t.same(await complete(`rbdkit info ${pool}/vm1@`), ['@monday', '@tuesday'], 'what readline replaces')
  t.same(await complete(`rbdkit cp --pool ${pool} vm1@m`), ['@monday'])
  t.same(await complete(`rbdkit -p ${pool} --id admin rm g`), ['golden'])
  t.same(await complete(`rbdkit -p ${pool} snap -n client.admin rm vm1`), ['vm1@'])
  t.same(await complete(`rbdkit info --conf /nonexistent ${pool}/`), [], 'no cluster, no names, no noise')
  t.same(await complete(`rbdkit export-diff --from-snap x ${pool}/g`), [`${pool}/golden`])
  t.same((await complete('rbdkit compare ./d')).sort(), ['./disk.qcow2', './disk.raw'])
  t.same(await complete(`rbdkit compare ./disk.raw ${pool}/g`), [`${pool}/golden`])
  t.same(await complete(`rbdkit bench ${pool}/g`), [`${pool}/golden`])
  t.same(await complete(`rbdkit info ${pool}/golden `), [], 'it takes no more')

  await Group.create(ioctx, 'webs')
  await new Group(ioctx, 'webs').snapshots.create('before')
  await Image.create(ioctx, 'old', { size: mib })
  await new Trash(ioctx).move('old')
  const [entry] = await new Trash(ioctx).list()
  t.same(await complete(`rbdkit group rm ${pool}/w`), [`${pool}/webs`])
  t.same(await complete(`rbdkit -p ${pool} group image ls w`), ['webs'])
  t.same(await complete(`rbdkit group snap rm ${pool}/w`), [`${pool}/webs@`])
  t.same(await complete(`rbdkit group snap rm ${pool}/webs@b`), ['@before'])
  // What Tab gives is sorted, and pools of other test files come and go meanwhile.
  const offered = (await complete(`rbdkit -p ${pool} trash rm `)).filter((name) => !name.endsWith('/'))
  t.same(offered, [entry?.id], 'the one image in the trash')
  t.ok(
    (await complete(`rbdkit -p ${pool} trash rm `)).includes(`${pool}/`),
    'another pool may be named instead',
  )
  t.same(await complete(`rbdkit trash restore ${pool}/${entry?.id.slice(0, 3)}`), [`${pool}/${entry?.id}`])

  // Keys in a terminal: readline puts what was offered into the line.
  const terminal = spawn('script', ['-qec', 'bash --norc -i', '/dev/null'], {
    env: { ...env, TERM: 'xterm', PS1: '$ ' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let seen = ''
  terminal.stdout.on('data', (data: Buffer) => {
    seen += data.toString()
  })
  const type = async (keys: string, shown: RegExp): Promise<void> => {
    seen = ''
    terminal.stdin.write(keys)
    await until(async () => shown.test(seen))
  }
  await type('source <(rbdkit completion bash); echo loaded=$?\n', /loaded=0/)
  await type(`rbdkit inf\t${pool}/vm1@m\t`, new RegExp(`info ${pool}/vm1@monday`))
  await type('--json\n', /"block_name_prefix"/)
  await type(`rbdkit rm ${pool}/gol\t; exit\n`, /exit/)
  await once(terminal, 'close')
  t.same(await settledNames(ioctx), ['vm1', 'vm2'], 'golden was completed, and removed')
})
