import { ServiceError } from '../common/errors.js';
import { isStatus } from '../openstack/errors.js';
import { createTrust, type NewTrust } from '../openstack/identity/trusts.js';
import { createUser, deleteUser } from '../openstack/identity/users.js';
import type { Session } from '../openstack/session.js';
import type { TokenInfo } from '../openstack/token.js';
import type { Identity } from './identity.js';

/** Accounts of kind `trust`: only the creator's own token makes the trust, so they are made in the request. */
export interface AccountTrusts {
  /** In the trustee domain. @returns its id. */
  makeUser(user: { domainId: string; name: string; password: string; description: string }): Promise<string>;
  /** Keystone ends the user's trusts with it. */
  removeUser(id: string): Promise<void>;
  /** With the creator's token. @returns its id; undefined where Keystone refuses it to this user. */
  makeTrust(who: Identity, trust: Omit<NewTrust, 'trustorUserId'>): Promise<string | undefined>;
}

export interface AccountTrustsDeps {
  /** A session with the user's token; what Keystone said of it is known already. */
  userSession(token: string, known: TokenInfo): Session;
  /** The trustee domain's admin. */
  domainAdmin: Session;
}

const ctx = { timeoutMs: 10_000 };

export function openstackTrusts({ userSession, domainAdmin }: AccountTrustsDeps): AccountTrusts {
  return {
    makeUser: async (user) => (await notTheCallers(createUser(domainAdmin, ctx, user))).id,
    removeUser: async (id) => {
      await notTheCallers(deleteUser(domainAdmin, ctx, id));
    },
    async makeTrust(who, trust) {
      const session = userSession(who.token, who.known);
      try {
        return (await createTrust(session, ctx, { ...trust, trustorUserId: who.userId })).id;
      } catch (error) {
        if (isStatus(error, 403, 404)) return undefined;
        throw error;
      }
    },
  };
}

/** A refusal of the domain admin is no refusal of who asks. */
async function notTheCallers<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (!isStatus(error, 401, 403)) throw error;
    const message = 'Keystone refuses the admin of the trustee domain; the operator finds why with "bayou doctor".';
    throw new ServiceError('unavailable', message, { code: 'account_refused', cause: error });
  }
}
