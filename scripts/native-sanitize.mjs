/**
 * Builds the native unit tests with sanitizers and runs them: AddressSanitizer with UndefinedBehaviorSanitizer, then
 * ThreadSanitizer, each in a build directory of its own. Arguments choose: `asan`, `tsan`.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../', import.meta.url))
const variants = {
  asan: {
    sanitize: 'address,undefined',
    env: { ASAN_OPTIONS: 'detect_leaks=1:detect_stack_use_after_return=1' },
  },
  tsan: { sanitize: 'thread', env: { TSAN_OPTIONS: 'halt_on_error=1:second_deadlock_stack=1' } },
}

function run(program, args, env = {}) {
  const done = spawnSync(program, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } })
  if (done.error) throw done.error
  if (done.status === 0) return
  console.error(`${program} ${args.join(' ')}: ${done.signal ?? `exit status ${done.status}`}`)
  process.exit(1)
}

const chosen = process.argv.slice(2)
for (const name of chosen.length > 0 ? chosen : Object.keys(variants)) {
  const variant = variants[name]
  if (!variant) throw new Error(`no such sanitizer: ${name}; there are ${Object.keys(variants).join(', ')}`)
  const build = join(root, `build-${name}`)
  run('cmake', [
    ...[
      '-S',
      root,
      '-B',
      build,
      '-DRBDKIT_NATIVE_TESTS=ON',
      '-DRBDKIT_WERROR=ON',
      '-DCMAKE_BUILD_TYPE=Debug',
    ],
    ...[`-DRBDKIT_SANITIZE=${variant.sanitize}`, '-DCMAKE_CXX_FLAGS=-O1'],
  ])
  run('cmake', ['--build', build, '--parallel', '2'])
  run(join(build, 'native/test/rbdkit_native_tests'), [], variant.env)
}
