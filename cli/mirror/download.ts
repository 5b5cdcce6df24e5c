import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import axios, { type AxiosResponse } from 'axios';
import type { Clock } from '../../common/clock.js';
import { errorText, ServiceError } from '../../common/errors.js';
import { MAX_OBJECT_BYTES } from '../../openstack/object-storage/objects.js';

const MAX_TEXT_BYTES = 4 * 1024 ** 2;
const TEXT_LIMIT_MS = 60_000;
const FILE_LIMIT_MS = 60 * 60_000;
/** Without a byte. */
const STALL_LIMIT_MS = 60_000;
const MAX_REDIRECTS = 5;

/** A file that was written here, and what it holds. */
export interface Fetched {
  file: string;
  sizeBytes: number;
  sha256: string;
  /** For Swift, which checks what arrives by it. */
  md5: string;
}

export interface TextAnswer {
  status: number;
  /** Names in lower case. */
  headers: Record<string, string>;
  text: string;
}

interface Limits {
  maxBytes: number;
  limitMs: number;
}

/**
 * Gets what publishers and registries have, bounded in size, time and redirects. Proxies as `HTTPS_PROXY`, `HTTP_PROXY`
 * and `NO_PROXY` say. What is given as https never comes by http.
 */
export class Downloader {
  readonly #clock: Clock;
  readonly #signal: AbortSignal | undefined;
  readonly #stallLimitMs: number;

  constructor(deps: { clock: Clock; signal?: AbortSignal | undefined; stallLimitMs?: number | undefined }) {
    this.#clock = deps.clock;
    this.#signal = deps.signal;
    this.#stallLimitMs = deps.stallLimitMs ?? STALL_LIMIT_MS;
  }

  /**
   * Any status is an answer.
   * @throws ServiceError `unavailable` that names the URL
   */
  text(url: string, headers: Record<string, string> = {}): Promise<TextAnswer> {
    return this.#get(url, headers, { maxBytes: MAX_TEXT_BYTES, limitMs: TEXT_LIMIT_MS }, async (answer, meter) => {
      const chunks: Buffer[] = [];
      for await (const chunk of answer.data.pipe(meter) as AsyncIterable<Buffer>) chunks.push(chunk);
      return {
        status: answer.status,
        headers: textHeaders(answer.headers),
        text: Buffer.concat(chunks).toString('utf8'),
      };
    });
  }

  /**
   * Writes to `file`, which must not be there. What a failure leaves there is the caller's to remove.
   * @returns undefined when the publisher has no such file (404)
   * @throws ServiceError `unavailable` that names the URL
   */
  toFile(url: string, file: string, headers: Record<string, string> = {}): Promise<Fetched | undefined> {
    return this.#get(url, headers, { maxBytes: MAX_OBJECT_BYTES, limitMs: FILE_LIMIT_MS }, async (answer, meter) => {
      if (answer.status === 404) return undefined;
      if (answer.status !== 200) throw new Error(`HTTP ${answer.status}`);
      return written([answer.data, meter], file, this.#signal);
    });
  }

  async #get<T>(
    url: string,
    headers: Record<string, string>,
    { maxBytes, limitMs }: Limits,
    read: (answer: AxiosResponse<Readable>, meter: Transform) => Promise<T>,
  ): Promise<T> {
    const limit = new AbortController();
    const stop = (cause: string) => limit.abort(new Error(cause));
    const cancelLimit = this.#clock.after(limitMs, () => stop(`no end after ${limitMs / 60_000} min`));
    const stalled = () => this.#clock.after(this.#stallLimitMs, () => stop(`nothing for ${this.#stallLimitMs} ms`));
    let cancelStall = stalled();
    const meter = meterOf(maxBytes, () => {
      cancelStall();
      cancelStall = stalled();
    });
    const signal = this.#signal === undefined ? limit.signal : AbortSignal.any([limit.signal, this.#signal]);
    let answer: AxiosResponse<Readable> | undefined;
    try {
      answer = await axios.get<Readable>(url, {
        // Some servers call a tarball a compressed text.
        headers: { ...headers, 'Accept-Encoding': 'identity' },
        decompress: false,
        responseType: 'stream',
        maxRedirects: MAX_REDIRECTS,
        validateStatus: () => true,
        signal,
        beforeRedirect: ({ protocol }: { protocol?: string }) => {
          if (url.startsWith('https:') && protocol !== 'https:') throw new Error('led away from https');
        },
      });
      answer.data.once('error', (error) => meter.destroy(error));
      return await read(answer, meter);
    } catch (error) {
      this.#signal?.throwIfAborted();
      const cause = limit.signal.aborted ? limit.signal.reason : error;
      throw new ServiceError('unavailable', `${withoutLogin(url)}: ${errorText(cause)}`, { cause });
    } finally {
      cancelLimit();
      cancelStall();
      answer?.data.destroy();
    }
  }
}

/** The same from a file of this machine. */
export function copied(from: string, to: string, signal?: AbortSignal): Promise<Fetched> {
  return written([createReadStream(from)], to, signal);
}

/** What a file of this machine holds. */
export async function sumsOf(file: string): Promise<Fetched> {
  const sums = new Sums();
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) sums.update(chunk);
  return sums.of(file);
}

async function written(from: [Readable, ...Transform[]], file: string, signal?: AbortSignal): Promise<Fetched> {
  const sums = new Sums();
  const tap = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sums.update(chunk);
      done(null, chunk);
    },
  });
  await pipeline([...from, tap, createWriteStream(file, { flags: 'wx' })], signal === undefined ? {} : { signal });
  return sums.of(file);
}

class Sums {
  readonly #sha256 = createHash('sha256');
  readonly #md5 = createHash('md5');
  #sizeBytes = 0;

  update(chunk: Buffer): void {
    this.#sha256.update(chunk);
    this.#md5.update(chunk);
    this.#sizeBytes += chunk.length;
  }

  of(file: string): Fetched {
    const [sha256, md5] = [this.#sha256.digest('hex'), this.#md5.digest('hex')];
    return { file, sizeBytes: this.#sizeBytes, sha256, md5 };
  }
}

function meterOf(maxBytes: number, onChunk: () => void): Transform {
  let sizeBytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      onChunk();
      sizeBytes += chunk.length;
      if (sizeBytes > maxBytes) done(new Error(`larger than ${maxBytes} bytes`));
      else done(null, chunk);
    },
  });
}

function textHeaders(headers: object): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]));
}

/** A source may be named with user and password in it. */
export function withoutLogin(url: string): string {
  return url.replace(/\/\/[^/@]*@/, '//');
}
