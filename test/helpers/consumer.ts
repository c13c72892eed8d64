/** A project of a user that has the package installed, without compilers. */

import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** What a script did. */
export interface ScriptResult {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** An installed package in a project of its own. */
export class Consumer {
  readonly directory: string
  readonly #programs: string

  /** Installs `tarball` below `directory`, which is empty. Nothing but `node`, `npm` and `sh` is in its `PATH`. */
  constructor(directory: string, tarball: string) {
    this.directory = join(directory, 'project')
    this.#programs = join(directory, 'bin')
    mkdirSync(this.directory)
    mkdirSync(this.#programs)
    for (const name of ['node', 'npm', 'sh']) {
      const found = (process.env.PATH ?? '')
        .split(':')
        .map((entry) => join(entry, name))
        .find(existsSync)
      if (found === undefined) throw new Error(`${name} is not installed`)
      symlinkSync(realpathSync(found), join(this.#programs, name))
    }
    writeFileSync(join(this.directory, 'package.json'), '{ "name": "user", "private": true }\n')
    this.npm('install', '--prefer-offline', '--no-audit', '--no-fund', tarball)
  }

  npm(...args: string[]): string {
    return execFileSync('npm', args, {
      cwd: this.directory,
      env: this.env(),
      encoding: 'utf8',
      stdio: 'pipe',
    })
  }

  /** Runs the package's install script as npm does. */
  install(): ScriptResult {
    const { scripts } = JSON.parse(readFileSync(join(this.installed, 'package.json'), 'utf8')) as {
      scripts: { install: string }
    }
    const options = { cwd: this.installed, env: this.env(), encoding: 'utf8', timeout: 60_000 } as const
    const { status, stdout, stderr } = spawnSync('sh', ['-c', scripts.install], options)
    return { status, stdout, stderr }
  }

  /** Where the package is. */
  get installed(): string {
    return join(this.directory, 'node_modules', 'rbdkit')
  }

  /** The environment of what runs in the project: prebuilt binaries only. */
  env(more: Record<string, string> = {}): NodeJS.ProcessEnv {
    const { HOME = '/', npm_config_cache } = process.env
    const cache = npm_config_cache === undefined ? {} : { npm_config_cache }
    return { HOME, PATH: this.#programs, PREBUILDS_ONLY: '1', ...cache, ...more }
  }

  /** Runs an ES module (`.mjs`) or a CommonJS one (`.cjs`) in the project. */
  run(
    extension: 'mjs' | 'cjs',
    code: string,
    options: { node?: string; env?: Record<string, string> } = {},
  ): ScriptResult {
    const path = join(this.directory, `script-${process.hrtime.bigint()}.${extension}`)
    writeFileSync(path, code)
    const { status, stdout, stderr, error } = spawnSync(options.node ?? process.execPath, [path], {
      cwd: dirname(path),
      env: this.env(options.env),
      encoding: 'utf8',
      timeout: 60_000,
    })
    if (error) throw error
    return { status, stdout, stderr }
  }
}
