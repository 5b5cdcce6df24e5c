import { ServiceError } from '../../common/errors.js';
import { type Distribution, distributions } from '../distributions.js';
import type { NodeScripts } from '../driver.js';
import { renderUserData } from './cloud-init.js';
import { loadNodeFiles, type NodeFile } from './files.js';
import { renderIgnition } from './ignition.js';

const RENDERERS: Record<Distribution['format'], (input: { files: readonly NodeFile[] }) => string> = {
  'cloud-init': renderUserData,
  ignition: renderIgnition,
};

/**
 * User data of nodes of this driver on this distribution.
 * @throws ServiceError `internal` for a distribution that no driver should have accepted.
 */
export function userDataOf(driver: NodeScripts, distro: string): string {
  const distribution = distributions[distro];
  if (distribution === undefined) throw new ServiceError('internal', `No user data is known for ${distro}`);
  return RENDERERS[distribution.format]({ files: loadNodeFiles(driver) });
}
