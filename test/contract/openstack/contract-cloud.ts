import type { Credentials, PasswordCredentials } from '../../../openstack/credentials.js';
import type { Session } from '../../../openstack/session.js';

/** A cloud as the suite sees it: who may do what, and the names of a few things that are there. */
export interface ContractCloud {
  /** A new session of one of these identities, or of any other. */
  session(who: Who | Credentials): Session;
  /** A token of one of these identities or of any other, as a client would bring it. */
  token(who: Who | PasswordCredentials): Promise<string>;
  /** Domain of the accounts of clusters, by name. */
  accountDomain: string;
  /** With `os_distro`. */
  image: { name: string; osDistro: string };
  flavor: string;
  externalNetwork: string;
  publicKey: string;
  /** Longest time for a stack of one server. */
  stackLimitMs: number;
  /** Runs `work` while stacks take their time, so that what it begins is still under way at its end. */
  slowly<T>(work: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/**
 * `member`: of a project; `foreigner`: of another one; `service`: admin of the service project;
 * `domainAdmin`: of the accounts' domain.
 */
export type Who = 'member' | 'foreigner' | 'service' | 'domainAdmin';

/** A name that no earlier run of the suite has left behind. */
export function freshName(what: string): string {
  return `contract-${what}-${process.pid}-${++count}`;
}

let count = 0;

export async function failureOf(call: Promise<unknown>): Promise<unknown> {
  try {
    await call;
  } catch (error) {
    return error;
  }
  throw new Error('The call was expected to fail.');
}
