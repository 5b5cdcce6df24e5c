import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { until } from './until.js';

const PROGRAM = resolve(__dirname, '../../dist/cli/main.js');
const UP_LIMIT_MS = 30_000;
const KEPT_LINES = 200;
const TOLD_LINES = 12;
const TOLD_PROCESSES = 5;

/** Settings as the environment names them, `BAYOU_<SECTION>__<KEY>`. */
export type Settings = Record<string, string>;

/** The built program as a process of its own; its log is read along. */
export class BayouProcess {
  readonly command: string;
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  readonly #ended: Promise<unknown>;
  #apiUrl: string | undefined;
  #isUp = false;

  constructor(command: string, settings: Settings) {
    if (!existsSync(PROGRAM)) throw new Error('There is no dist/: run "npm run build" first');
    this.command = command;
    this.#child = spawn(process.execPath, [PROGRAM, ...command.split(' '), '--config-file', '/dev/null'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH, ...settings },
    });
    // Not `exit`: by then its last lines may not have been read.
    this.#ended = once(this.#child, 'close');
    for (const stream of [this.#child.stdout, this.#child.stderr]) if (stream !== null) this.#read(stream);
  }

  /** Where its API listens. */
  get apiUrl(): string {
    if (this.#apiUrl === undefined) throw new Error(`${this.command} has no API`);
    return this.#apiUrl;
  }

  async untilUp(): Promise<void> {
    const tell = () => `Bayou is not up\n${this.lastLines()}`;
    await until(() => this.#isUp || this.hasEnded, { limitMs: UP_LIMIT_MS, tell });
    if (!this.#isUp) throw new Error(tell());
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** @returns the exit code; undefined when a signal ended it. */
  async untilEnded(): Promise<number | undefined> {
    await this.#ended;
    return this.#child.exitCode ?? undefined;
  }

  /** Dead, without a word to anybody. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  /** Asks it to end, as `systemctl stop` does. @returns the exit code */
  stop(): Promise<number | undefined> {
    this.#child.kill('SIGTERM');
    return this.untilEnded();
  }

  /** Whoever read its output is gone, as after the death of a parent. */
  closeLog(): void {
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
  }

  lastLines(): string {
    const state = this.hasEnded ? `ended, ${this.#child.exitCode ?? this.#child.signalCode}` : 'running';
    return [`--- bayou ${this.command} (${state})`, ...this.#lines.slice(-TOLD_LINES)].join('\n');
  }

  #read(stream: Readable): void {
    createInterface({ input: stream }).on('line', (line) => {
      if (line.includes('"msg":"Request answered"')) return;
      this.#lines.push(line);
      if (this.#lines.length > KEPT_LINES) this.#lines.shift();
      if (!line.includes('"msg":"Bayou is up"')) return;
      this.#isUp = true;
      this.#apiUrl = (JSON.parse(line) as { apiUrl?: string }).apiUrl;
    });
  }
}

/** The processes of one test. Whatever happens, `killAll` leaves none of them. */
export class BayouProcesses {
  readonly #settings: Settings;
  readonly #started: BayouProcess[] = [];

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** Resolves when it is up. */
  async start(command: 'all' | 'api' | 'conductor'): Promise<BayouProcess> {
    const started = this.#spawn(command);
    await started.untilUp();
    return started;
  }

  /** Runs a command to its end. */
  async run(command: string): Promise<void> {
    const started = this.#spawn(command);
    if ((await started.untilEnded()) !== 0) throw new Error(started.lastLines());
  }

  /** The ends of the logs of those that were started last, for failures. */
  logs(): string {
    return this.#started
      .slice(-TOLD_PROCESSES)
      .map((started) => started.lastLines())
      .join('\n');
  }

  async killAll(): Promise<void> {
    await Promise.all(this.#started.map((started) => started.kill()));
  }

  #spawn(command: string): BayouProcess {
    const started = new BayouProcess(command, this.#settings);
    this.#started.push(started);
    return started;
  }
}
