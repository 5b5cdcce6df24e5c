import { existed, undefinedIfMissing } from '../find.js';
import { path } from '../path.js';
import type { CallContext, Session } from '../session.js';

/** Containers of the session's project; the catalog's endpoint names its account. */
export interface Container {
  objectCount: number;
}

export interface ContainerAccess {
  /** Ids of users who may list, read, write and delete its objects, whatever roles they have. */
  userIds: readonly string[];
  /** Another project's account: for those whom Swift calls reseller admins. */
  projectId?: string | undefined;
}

/**
 * Makes the container, or sets who may use the one that is there.
 * @throws OpenStackError 403 without one of the roles in Swift's `operator_roles`.
 */
export async function putContainer(
  session: Session,
  ctx: CallContext,
  name: string,
  { userIds, projectId }: ContainerAccess,
): Promise<void> {
  // `*`: with a token of whichever project, or of none.
  const list = userIds.map((id) => `*:${id}`).join(',');
  await session.request(ctx, {
    service: 'object-store',
    method: 'PUT',
    path: path(name),
    headers: { 'X-Container-Read': list, 'X-Container-Write': list },
    projectId,
  });
}

export async function findContainer(
  session: Session,
  ctx: CallContext,
  input: { name: string; projectId?: string | undefined },
): Promise<Container | undefined> {
  const answer = await undefinedIfMissing(
    session.request(ctx, {
      service: 'object-store',
      method: 'HEAD',
      path: path(input.name),
      projectId: input.projectId,
    }),
  );
  return answer === undefined ? undefined : { objectCount: Number(answer.headers['x-container-object-count'] ?? 0) };
}

/** The first names in the order of their bytes; Swift gives at most 10,000 at once. */
export async function listObjects(
  session: Session,
  ctx: CallContext,
  input: { container: string; limit: number; projectId?: string | undefined },
): Promise<string[]> {
  const { body } = await session.request<{ name: string }[] | undefined>(ctx, {
    service: 'object-store',
    method: 'GET',
    path: path(input.container),
    query: { format: 'json', limit: input.limit },
    projectId: input.projectId,
  });
  return (body ?? []).map(({ name }) => name);
}

/**
 * An object may be called `..`, which a URL that has it as a part loses, encoded or not. So it is one part with its
 * container: Swift decodes a path before it cuts it.
 */
export function objectPath(container: string, name: string): string {
  return path(`${container}/${name}`);
}

/** Whether there was such an object. */
export async function deleteObject(
  session: Session,
  ctx: CallContext,
  input: { container: string; name: string; projectId?: string | undefined },
): Promise<boolean> {
  const { container, name, projectId } = input;
  return existed(
    session.request(ctx, { service: 'object-store', method: 'DELETE', path: objectPath(container, name), projectId }),
  );
}

/**
 * Whether there was such a container.
 * @throws OpenStackError 409 while there are objects in it.
 */
export async function deleteContainer(
  session: Session,
  ctx: CallContext,
  input: { name: string; projectId?: string | undefined },
): Promise<boolean> {
  return existed(
    session.request(ctx, {
      service: 'object-store',
      method: 'DELETE',
      path: path(input.name),
      projectId: input.projectId,
    }),
  );
}
