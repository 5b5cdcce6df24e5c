import { createHash } from 'node:crypto';

/** The same for a name on every start: what is in the seed keeps its ids. Keystone's form, 32 hex digits. */
export function seedId(name: string): string {
  return createHash('sha256').update(name).digest('hex').slice(0, 32);
}

/** The same in the form of Glance's, Nova's and Neutron's ids. */
export function seedUuid(name: string): string {
  return seedId(name).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
