import { events } from '../../common/db/events.js';
import type { NodeTask } from '../../common/db/node-tasks.js';
import { lastLine } from '../../common/scrub.js';
import { done, type Phase } from '../phase.js';
import type { Work } from '../work.js';
import { orderedTasks, runTasks } from './node-tasks.js';

/** For all together; each has a limit of its own on its node. */
const LIMIT_MS = 300_000;

const REMEDY =
  'The cluster works without it, and the orchestrator goes on trying. See that nodes reach the registry of its image, ' +
  'or that the mirror has it, and look at its pods.';

/** What comes into a cluster that is ready. One that fails is told by its name, and nothing else comes of it. */
export const addons: Phase = {
  name: 'addons',
  async run(work) {
    if (work.driver.tasks.addons === undefined) return done;
    const planned = work.driver.tasks.addons(await work.spec(), await work.nodes());
    const outcome = await runTasks(work, LIMIT_MS, planned);
    if (outcome.kind === 'done') await tell(work, await orderedTasks(work, planned));
    return outcome;
  },
};

/** Once in an operation, however often the phase runs. */
async function tell(work: Work, tasks: NodeTask[]): Promise<void> {
  await work.fenced('tell of add-ons', async (trx) => {
    for (const { uuid, params, state, output } of tasks) {
      const kind = state === 'succeeded' ? 'addon_ready' : 'addon_failed';
      const earlier = await events.list(trx, { operationId: work.operation.uuid, kind });
      if (earlier.some(({ details }) => details.task === uuid)) continue;
      const details = { addon: params.name, task: uuid };
      if (state === 'succeeded') await work.event(trx, kind, `The add-on ${params.name} is ready`, details);
      else {
        const message = `The add-on ${params.name} is not ready: ${lastLine(output)}. ${REMEDY}`;
        await work.event(trx, kind, message, { ...details, output });
      }
    }
  });
}
