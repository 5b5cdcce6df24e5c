import type { Cluster } from '../common/db/clusters.js';
import type { Database } from '../common/db/database.js';
import { secrets } from '../common/db/secrets.js';
import type { Sealer } from '../common/sealing.js';
import { findDomainByName } from '../openstack/identity/domains.js';
import type { CallContext } from '../openstack/session.js';
import { Session, type SessionDeps } from '../openstack/session.js';

export interface AccountsDeps {
  db: Database;
  sealer: Sealer;
  session: SessionDeps;
  /** The service user: grants roles, looks at and deletes stacks of clusters whose account is broken. */
  service: Session;
  /** Makes and removes the accounts, in the trustee domain only. */
  domainAdmin: Session;
  trusteeDomain: { id?: string | undefined; name: string };
}

export const ACCOUNT_PASSWORD = 'account-password';

const MAX_SESSIONS = 500;

/** `<cluster uuid>_<project id>`: upstream's name, from which the API reads an account's project. */
export function accountName(cluster: Pick<Cluster, 'uuid' | 'projectId'>): string {
  return `${cluster.uuid}_${cluster.projectId}`;
}

/** Sessions of the clusters' own accounts, the least recently used dropped, and of Bayou's two identities. */
export class Accounts {
  readonly service: Session;
  readonly domainAdmin: Session;
  readonly #deps: AccountsDeps;
  readonly #sessions = new Map<string, Session>();
  #domainId: string | undefined;

  constructor(deps: AccountsDeps) {
    this.#deps = deps;
    this.service = deps.service;
    this.domainAdmin = deps.domainAdmin;
    this.#domainId = deps.trusteeDomain.id;
  }

  /** The id of the trustee domain; asked once. */
  async domainId(ctx: CallContext): Promise<string> {
    if (this.#domainId === undefined) {
      const own = (await this.domainAdmin.identity(ctx)).domainId;
      this.#domainId = own ?? (await findDomainByName(this.domainAdmin, ctx, this.#deps.trusteeDomain.name))?.id;
    }
    if (this.#domainId === undefined) throw new Error(`Domain ${this.#deps.trusteeDomain.name} is not in Keystone`);
    return this.#domainId;
  }

  /** The account must have been made; its first call says otherwise. */
  async of(cluster: Cluster): Promise<Session> {
    const known = this.#sessions.get(cluster.uuid);
    if (known !== undefined) {
      this.#sessions.delete(cluster.uuid);
      this.#sessions.set(cluster.uuid, known);
      return known;
    }
    const session = new Session(this.#deps.session, {
      kind: 'password',
      user: { name: accountName(cluster), domainId: await this.domainId({}) },
      password: await this.#password(cluster),
      scope: { projectId: cluster.projectId },
    });
    this.#sessions.set(cluster.uuid, session);
    const oldest = this.#sessions.keys().next();
    if (this.#sessions.size > MAX_SESSIONS && !oldest.done) this.#sessions.delete(oldest.value);
    return session;
  }

  /** After its roles or its password changed, and when the cluster is gone. */
  forget(clusterId: string): void {
    this.#sessions.delete(clusterId);
  }

  async #password(cluster: Cluster): Promise<string> {
    const { db, sealer } = this.#deps;
    const secret = await db.read('account password', (query) =>
      secrets.find(query, { owner: cluster.uuid, name: ACCOUNT_PASSWORD }),
    );
    return sealer.open(`${cluster.uuid}/${ACCOUNT_PASSWORD}`, secret?.sealed ?? '');
  }
}
