import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Ids } from '../../common/ids.js';
import { type Fetched, sumsOf } from './download.js';
import type { Store } from './store.js';

/** The work folder is inside, so that a complete file comes under its name by a rename. */
export async function openFolder(folder: string, ids: Ids): Promise<Store> {
  const root = resolve(folder);
  const workFolder = join(root, `.sync-${ids.uuid()}`);
  await mkdir(workFolder, { recursive: true });
  return {
    workFolder,
    advice: (label, setting) =>
      `Show ${root} by any HTTP server; its URL belongs into the label ${label} or ${setting}.`,
    async find(path) {
      const file = join(root, path);
      return existsSync(file) ? sumsOf(file) : undefined;
    },
    async put(path: string, { file }: Fetched) {
      const final = join(root, path);
      await mkdir(dirname(final), { recursive: true });
      await rename(file, final);
    },
    close: () => rm(workFolder, { recursive: true, force: true }),
  };
}
