import { Table } from './table.js';

/** Owner of what belongs to the service and to no cluster, such as the node CA. */
export const SERVICE_OWNER = 'service';

/** A sealed value. `sealed` is undefined while the node that knows the value has not sent it. */
export interface Secret {
  id: number;
  /** A cluster's uuid or `service`. */
  owner: string;
  name: string;
  sealed: string | undefined;
  /** Roles of nodes that may read or write it through the node listener. */
  readableBy: string[];
  writableBy: string[];
  createdAt: number;
  updatedAt: number | undefined;
}

export const secrets = new Table<Secret>('secrets', {
  id: 'number',
  owner: 'text',
  name: 'text',
  sealed: 'text',
  readableBy: 'json',
  writableBy: 'json',
  createdAt: 'number',
  updatedAt: 'number',
});
