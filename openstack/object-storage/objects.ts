import { undefinedIfMissing } from '../find.js';
import { path } from '../path.js';
import type { CallContext, Session } from '../session.js';
import type { Upload } from '../transport.js';
import { objectPath } from './containers.js';

/** Objects that everybody may read, in a container of the session's project. */

/** Swift's `max_file_size` by default: what is larger would have to be cut into segments. */
export const MAX_OBJECT_BYTES = 5 * 1024 ** 3;

/** Swift's word for: everybody may read objects, also without a token; they can't be listed. */
const EVERYBODY = '.r:*';

export interface ReadableContainer {
  objectCount: number;
  /** Whether everybody may read its objects. */
  isPublic: boolean;
}

/** @throws OpenStackError 403 without one of the roles in Swift's `operator_roles`. */
export async function findReadableContainer(
  session: Session,
  ctx: CallContext,
  name: string,
): Promise<ReadableContainer | undefined> {
  const answer = await undefinedIfMissing(
    session.request(ctx, { service: 'object-store', method: 'HEAD', path: path(name) }),
  );
  if (answer === undefined) return undefined;
  const readers = (answer.headers['x-container-read'] ?? '').split(',').map((entry) => entry.trim());
  return {
    objectCount: Number(answer.headers['x-container-object-count'] ?? 0),
    isPublic: readers.includes(EVERYBODY),
  };
}

/** Makes the container, or opens the one that is there to everybody. */
export async function putPublicContainer(session: Session, ctx: CallContext, name: string): Promise<void> {
  await session.request(ctx, {
    service: 'object-store',
    method: 'PUT',
    path: path(name),
    headers: { 'X-Container-Read': EVERYBODY },
  });
}

/** Where everybody reads an object of that name, without a token. */
export function publicUrl(endpoint: string, container: string, name = ''): string {
  return endpoint + path(container, ...name.split('/').filter((part) => part !== ''));
}

export interface StoredObject {
  sizeBytes: number;
  /** As `putObject` wrote it; undefined for what others put there. */
  sha256: string | undefined;
}

export async function findObject(
  session: Session,
  ctx: CallContext,
  { container, name }: { container: string; name: string },
): Promise<StoredObject | undefined> {
  const answer = await undefinedIfMissing(
    session.request(ctx, { service: 'object-store', method: 'HEAD', path: objectPath(container, name) }),
  );
  if (answer === undefined) return undefined;
  return {
    sizeBytes: Number(answer.headers['content-length'] ?? 0),
    sha256: answer.headers['x-object-meta-sha256'],
  };
}

export interface NewObject extends Upload {
  container: string;
  name: string;
  /** Swift keeps the object only when what has arrived has this sum. */
  md5: string;
  /** Kept with the object. */
  sha256: string;
}

/**
 * Makes the object, or takes the place of the one that is there, at once and as a whole.
 * @throws OpenStackError 422 when other bytes have arrived, 413 for more than Swift takes.
 */
export async function putObject(session: Session, ctx: CallContext, object: NewObject): Promise<void> {
  const { container, name, open, sizeBytes, md5, sha256 } = object;
  await session.request(ctx, {
    service: 'object-store',
    method: 'PUT',
    path: objectPath(container, name),
    headers: { ETag: md5, 'X-Object-Meta-Sha256': sha256, 'Content-Type': 'application/octet-stream' },
    upload: { open, sizeBytes },
  });
}
