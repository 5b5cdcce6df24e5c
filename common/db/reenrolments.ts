import { Table } from './table.js';

/**
 * `asked`: a conductor is to look at it. `key`: whoever holds the key that the node enrolled with may enrol. `invited`:
 * whoever knows the invitation may, with any key. `done`: somebody has; what was put into the cloud is to be taken away.
 */
export type ReenrolmentState = 'asked' | 'key' | 'invited' | 'done';

/** A node that asks to enrol with a ticket that is not good any more. One for a node, gone when it is settled. */
export interface Reenrolment {
  id: number;
  nodeId: string;
  clusterId: string;
  state: ReenrolmentState;
  /** When it asked last; undefined when it has not since a conductor said no. */
  askedAt: number | undefined;
  /** SHA-256 of the public key that asked last, hex: its refusal has been told. */
  askedKey: string;
  /** When a conductor let it; a part of the invitation. */
  allowedAt: number | undefined;
  /** Why not, as its owner was told. */
  refusal: string | undefined;
  /** When a conductor looks at it next. */
  checkAt: number;
  createdAt: number;
}

export const reenrolments = new Table<Reenrolment>('reenrolments', {
  id: 'number',
  nodeId: 'text',
  clusterId: 'text',
  state: 'text',
  askedAt: 'number',
  askedKey: 'text',
  allowedAt: 'number',
  refusal: 'text',
  checkAt: 'number',
  createdAt: 'number',
});
