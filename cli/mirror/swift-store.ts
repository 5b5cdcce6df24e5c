import { createReadStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServiceError } from '../../common/errors.js';
import type { Ids } from '../../common/ids.js';
import {
  findObject,
  findReadableContainer,
  publicUrl,
  putObject,
  putPublicContainer,
} from '../../openstack/object-storage/objects.js';
import type { Session } from '../../openstack/session.js';
import { findEndpoint } from '../../openstack/token.js';
import type { Store } from './store.js';

const CALL_LIMIT_MS = 30_000;
const UPLOAD_LIMIT_MS = 60 * 60_000;

export interface SwiftStoreDeps {
  ids: Ids;
  /** A session whose calls may take as long as is said; each logs in by itself. */
  session: (timeoutMs: number) => Session;
  region: string | undefined;
  signal: AbortSignal | undefined;
}

/**
 * Makes the container, readable for everybody, where it is missing.
 * @throws ServiceError `conflict` for a container with something in it that not everybody may read
 */
export async function openContainer(container: string, deps: SwiftStoreDeps): Promise<Store> {
  const { ids, signal } = deps;
  const session = deps.session(CALL_LIMIT_MS);
  const uploads = deps.session(UPLOAD_LIMIT_MS);
  const call = { signal, timeoutMs: CALL_LIMIT_MS };
  const url = publicUrl(await publicEndpoint(session, deps), container);
  await openToEverybody(session, call, container);
  const workFolder = join(tmpdir(), `bayou-sync-${ids.uuid()}`);
  await mkdir(workFolder, { mode: 0o700 });
  return {
    workFolder,
    advice: (label) => `${label}=${url}`,
    async find(name) {
      const found = await findObject(session, call, { container, name });
      return found?.sha256 === undefined ? undefined : { sha256: found.sha256, sizeBytes: found.sizeBytes };
    },
    async put(name, { file, sizeBytes, sha256, md5 }) {
      const object = { container, name, sizeBytes, sha256, md5, open: () => createReadStream(file) };
      await putObject(uploads, { signal, timeoutMs: UPLOAD_LIMIT_MS }, object);
    },
    close: () => rm(workFolder, { recursive: true, force: true }),
  };
}

/** Nodes come without a token and from outside, whichever endpoint is used here. */
async function publicEndpoint(session: Session, { region, signal }: SwiftStoreDeps): Promise<string> {
  const { catalog } = await session.identity({ signal });
  const endpoint = findEndpoint(catalog, 'object-store', { region, interface: 'public' });
  if (endpoint !== undefined) return endpoint;
  throw new ServiceError('unavailable', 'The service catalog has no public endpoint of type object-store.');
}

async function openToEverybody(session: Session, ctx: { timeoutMs: number }, container: string): Promise<void> {
  const found = await findReadableContainer(session, ctx, container);
  if (found?.isPublic === true) return;
  if (found !== undefined && found.objectCount > 0) {
    throw new ServiceError(
      'conflict',
      `The container ${container} has something in it that not everybody may read: name another one.`,
    );
  }
  await putPublicContainer(session, ctx, container);
}
