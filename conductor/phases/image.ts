import { reason } from '../../common/reasons.js';
import { findImage } from '../../openstack/image/images.js';
import { done, type Phase, type PhaseOutcome } from '../phase.js';
import type { Work } from '../work.js';

/** The image may have changed since the template was made: the driver counts on its distribution. */
export const image: Phase = {
  name: 'image',
  async run(work) {
    const groups = await work.groups();
    // A group without nodes needs none, and one that is to go must not be held by it.
    const peopled = groups.filter(({ nodeCount }) => nodeCount > 0);
    const names = new Set(peopled.map(({ imageId }) => imageId ?? work.template.imageId));
    for (const name of names) {
      const outcome = await check(work, name);
      if (outcome.kind !== 'done') return outcome;
    }
    return done;
  },
};

async function check(work: Work, name: string): Promise<PhaseOutcome> {
  const found = await findImage(await work.account(), work.ctx, name);
  const resource = `image ${name}`;
  if (found === undefined) {
    return { kind: 'failed', reason: reason('image_not_found', `${resource} does not exist`, { resource }) };
  }
  if (found.osDistro === undefined) {
    const message = `${resource} has no property os_distro, so Bayou can't tell how to set up its machines`;
    return { kind: 'failed', reason: reason('image_without_os_distro', message, { resource }) };
  }
  if (!work.driver.serves.some(({ os }) => os === found.osDistro)) {
    const message = `${resource} has os_distro ${found.osDistro}, which the driver ${work.driver.name} does not serve`;
    return { kind: 'failed', reason: reason('image_unsupported', message, { resource }) };
  }
  return done;
}
