import type { Fetched } from './download.js';

/** Where a mirror's files are kept: a folder that some HTTP server shows, or a Swift container. */
export interface Store {
  /** A folder of this machine for what is not complete yet; gone after `close`. */
  readonly workFolder: string;
  /** What is under a path of the mirror; undefined too for what is not known by its sum. */
  find(path: string): Promise<{ sha256: string; sizeBytes: number } | undefined>;
  /** Puts a complete file there, at once and as a whole. */
  put(path: string, fetched: Fetched): Promise<void>;
  /** What an operator does with it now; by the label and the setting that its URL may go into. */
  advice(label: string, setting: string): string;
  close(): Promise<void>;
}
