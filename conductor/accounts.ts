import { ACCOUNT_PASSWORD, accountName, NEXT_ACCOUNT_PASSWORD, passwordPurpose } from '../common/cluster-account.js';
import type { Cluster } from '../common/db/clusters.js';
import type { Database } from '../common/db/database.js';
import { secrets } from '../common/db/secrets.js';
import type { Sealer } from '../common/sealing.js';
import type { Scope } from '../openstack/credentials.js';
import { isStatus } from '../openstack/errors.js';
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

const MAX_SESSIONS = 500;

interface HeldSession {
  session: Session;
  /** Of the cluster's account when it was made. */
  generation: number;
}

/** Sessions of the clusters' own accounts, the least recently used dropped, and of Bayou's two identities. */
export class Accounts {
  readonly service: Session;
  readonly domainAdmin: Session;
  readonly #deps: AccountsDeps;
  readonly #sessions = new Map<string, HeldSession>();
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

  /** The account must have been made; its first call says otherwise. Of kind `trust`: in the creator's name. */
  async of(cluster: Cluster): Promise<Session> {
    const { trustId, projectId, accountGeneration: generation } = cluster;
    const known = this.#sessions.get(cluster.uuid);
    if (known?.generation === generation) {
      this.#sessions.delete(cluster.uuid);
      this.#sessions.set(cluster.uuid, known);
      return known.session;
    }
    const session = await this.#logIn(cluster, trustId === undefined ? { projectId } : { trustId });
    this.#sessions.set(cluster.uuid, { session, generation });
    const oldest = this.#sessions.keys().next();
    if (this.#sessions.size > MAX_SESSIONS && !oldest.done) this.#sessions.delete(oldest.value);
    return session;
  }

  /** The account's user alone, without any right: it sees its own trust. */
  bare(cluster: Cluster): Promise<Session> {
    return this.#logIn(cluster, 'unscoped');
  }

  /** Whether Keystone lets the account in with this password, whatever its rights. */
  async takes(cluster: Cluster, password: string): Promise<boolean> {
    try {
      await (await this.#session(cluster, password, 'unscoped')).identity({});
      return true;
    } catch (error) {
      if (!isStatus(error, 401)) throw error;
      return false;
    }
  }

  /** After its roles or its password changed, and when the cluster is gone. */
  forget(clusterId: string): void {
    this.#sessions.delete(clusterId);
  }

  /** While one password is taking the other's place, only Keystone knows how far that has come. */
  async #logIn(cluster: Cluster, scope: Scope): Promise<Session> {
    const next = await this.#password(cluster, NEXT_ACCOUNT_PASSWORD);
    if (next !== undefined && (await this.takes(cluster, next))) return this.#session(cluster, next, scope);
    const current = await this.#password(cluster, ACCOUNT_PASSWORD);
    if (current === undefined) throw new Error(`Cluster ${cluster.uuid} has no account yet`);
    return this.#session(cluster, current, scope);
  }

  async #session(cluster: Cluster, password: string, scope: Scope): Promise<Session> {
    const user = { name: accountName(cluster), domainId: await this.domainId({}) };
    return new Session(this.#deps.session, { kind: 'password', user, password, scope });
  }

  async #password(cluster: Cluster, name: string): Promise<string | undefined> {
    const { db, sealer } = this.#deps;
    const secret = await db.read('account password', (query) => secrets.find(query, { owner: cluster.uuid, name }));
    return secret?.sealed === undefined ? undefined : sealer.open(passwordPurpose(cluster.uuid), secret.sealed);
  }
}
