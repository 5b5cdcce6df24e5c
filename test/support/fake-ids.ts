import type { Ids } from '../../common/ids.js';

/** The same ids for the same seed. Mulberry32: 32 bits of state, good enough to tell things apart. */
export class FakeIds implements Ids {
  #state: number;

  constructor(seed = 1) {
    this.#state = seed >>> 0;
  }

  random(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** Shaped as a version 4 UUID (RFC 9562). */
  uuid(): string {
    const bytes = this.#bytes(16);
    bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
    bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
    return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  }

  secret(bytes: number): string {
    return this.#bytes(bytes).toString('base64url');
  }

  #bytes(count: number): Buffer {
    return Buffer.from(Array.from({ length: count }, () => Math.floor(this.random() * 256)));
  }
}
