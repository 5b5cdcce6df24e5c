import { sampled } from '../crash/lives.js';
import type { FaultKind } from '../simulation/seams.js';
import { NEW, UpgradeSite } from './upgrade-site.js';

let site: UpgradeSite;

afterEach(() => site.stop());

async function accepted(): Promise<void> {
  site = await UpgradeSite.start({ node_count: 2 });
  await site.template(NEW);
  await site.upgrade({ cluster_template: NEW });
}

/** What happens, and when of the points that the process passes, in parts of all of them. */
const FAULTS: [FaultKind, number][] = [
  ['killed before', 0.2],
  ['killed after', 0.45],
  ['answer lost', 0.7],
  ['frozen after', 0.9],
];

describe('an upgrade whose conductor', () => {
  let points: number;
  let tasks: string[];

  beforeAll(async () => {
    await accepted();
    points = (await site.scenario.settledBy(undefined)).length;
    tasks = await site.tasks();
    await site.stop();
  });

  it.each(sampled(FAULTS, 2))(
    'is %s at a point ends well, with each task ordered once',
    async (kind, part) => {
      await accepted();
      await site.scenario.settledBy({ point: Math.floor(part * points), kind });

      expect(await site.scenario.cluster()).toMatchObject({ status: 'UPDATE_COMPLETE', coeVersion: NEW });
      expect(await site.tasks()).toEqual(tasks);
      expect(new Set(Object.values(await site.versions()))).toEqual(new Set([NEW]));
    },
    120_000,
  );
});
