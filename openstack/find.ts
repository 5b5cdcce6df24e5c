import { ServiceError } from '../common/errors.js';
import { isNotFound } from './errors.js';

/** What stands for "no such thing": the answer of a find when the service says 404. */
export async function undefinedIfMissing<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** Whether the thing existed: a 404 to a delete is success. */
export async function existed(deletion: Promise<unknown>): Promise<boolean> {
  try {
    await deletion;
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}

/** @throws ServiceError `ambiguous` when several objects have the name. */
export function onlyOne<T>(found: T[], what: string, name: string): T | undefined {
  if (found.length > 1) {
    throw new ServiceError('ambiguous', `More than one ${what} is named "${name}"; use its id.`, {
      code: `${what}_ambiguous`,
    });
  }
  return found[0];
}

const UUID = /^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i;

/** Glance's and Neutron's ids. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}
