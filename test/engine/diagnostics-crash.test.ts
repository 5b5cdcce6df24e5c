import { sampled } from '../crash/lives.js';
import type { FaultKind } from '../simulation/seams.js';
import { DiagnosticsSite } from './diagnostics-site.js';

let site: DiagnosticsSite;

afterEach(() => site.stop());

async function failed(): Promise<void> {
  site = await DiagnosticsSite.start({ hangs: true });
  await site.listen('worker-1', (await site.node('worker-1')).addresses.public);
}

/** What happens, and when of the points that the process passes, in parts of all of them. */
const FAULTS: [FaultKind, number][] = [
  ['killed before', 0.15],
  ['killed after', 0.3],
  ['killed before', 0.5],
  ['answer lost', 0.65],
  ['frozen after', 0.8],
  ['killed after', 0.95],
];

describe('diagnostics whose conductor', () => {
  let points: number;

  beforeAll(async () => {
    await failed();
    const seen = (await site.endedBy(undefined)).points;
    points = seen.length;
    if (!seen.includes('ssh collect')) throw new Error(`SSH is no point: ${seen.join(', ')}`);
    await site.stop();
  });

  it.each(sampled(FAULTS, 2))(
    'is %s at a point end well, with the part of every node once',
    async (kind, part) => {
      await failed();
      const { diagnostic } = await site.endedBy({ point: Math.floor(part * points), kind });

      expect(diagnostic.state).toBe('ready');
      expect(diagnostic.findings.map(({ isEnded, source }) => isEnded && source !== undefined)).toEqual([
        true,
        true,
        true,
      ]);
      expect(Object.keys(await site.bundle(diagnostic))).toHaveLength(5);
      expect(await site.diagnostics()).toHaveLength(1);
      expect((await site.scenario.eventKinds()).filter((each) => each === 'diagnostic_ready')).toHaveLength(1);
    },
    120_000,
  );
});
