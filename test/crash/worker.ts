import { type FaultLife, liveWithFault } from './lives.js';

/** One process that lives one life after another, as `full.ts` tells it; ends with the channel to it. */
process.on('message', async ({ kind, point, label }: FaultLife) => {
  process.send?.(await liveWithFault(kind, point, label));
});
process.on('disconnect', () => process.exit());
