import type { Query } from './database.js';
import { applyPage, type Page } from './page.js';
import { applyScope, type Scope } from './scope.js';
import { Table } from './table.js';

/** A certificate with its key that a user keeps here, next to a cluster. Nothing else uses it. */
export interface X509KeyPair {
  id: number;
  uuid: string;
  clusterId: string;
  projectId: string;
  userId: string;
  name: string | undefined;
  caCert: string | undefined;
  certificate: string | undefined;
  /** Sealed for `privateKeyPurpose`. */
  privateKeySealed: string | undefined;
  createdAt: number;
  updatedAt: number | undefined;
}

export const x509KeyPairs = new Table<X509KeyPair>('x509_key_pairs', {
  id: 'number',
  uuid: 'text',
  clusterId: 'text',
  projectId: 'text',
  userId: 'text',
  name: 'text',
  caCert: 'text',
  certificate: 'text',
  privateKeySealed: 'text',
  createdAt: 'number',
  updatedAt: 'number',
});

export function privateKeyPurpose(uuid: string): string {
  return `${uuid}/x509-private-key`;
}

/** Those of one user: they are nobody else's, of the same project neither. */
function ofUser(scope: Scope, userId: string, query: Query) {
  return applyScope(scope, x509KeyPairs.rows(query), 'x509_key_pairs').where({ user_id: userId });
}

export async function listX509KeyPairs(scope: Scope, userId: string, query: Query, page: Page): Promise<X509KeyPair[]> {
  return x509KeyPairs.fromRows(await await applyPage(ofUser(scope, userId, query), 'x509_key_pairs', page));
}

/** At most two: the caller needs to know whether a name is ambiguous, not how often. */
export async function findX509KeyPairs(
  scope: Scope,
  userId: string,
  query: Query,
  by: { uuid: string } | { name: string },
): Promise<X509KeyPair[]> {
  return x509KeyPairs.fromRows(await ofUser(scope, userId, query).where(by).orderBy('id').limit(2));
}
