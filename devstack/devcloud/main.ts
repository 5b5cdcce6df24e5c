import { parseArgs } from 'node:util';
import { systemClock } from '../../common/clock.js';
import { systemIds } from '../../common/ids.js';
import { createLog } from '../../common/log.js';
import { startDevelopmentCloud } from './devcloud.js';
import { openrc } from './openrc.js';

/** Runs the development cloud alone, until it is interrupted. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      host: { type: 'string', default: '127.0.0.1' },
      port: { type: 'string', default: '9500' },
      'container-infra-url': { type: 'string', default: 'http://127.0.0.1:9511/v1' },
    },
  });
  const cloud = await startDevelopmentCloud(
    { clock: systemClock, ids: systemIds, log: createLog({ level: 'warn' }) },
    {
      host: values.host,
      port: Number(values.port),
      containerInfraUrl: values['container-infra-url'],
      bootMs: 2000,
      heatStepMs: 200,
    },
  );
  const users = ['demo', 'admin'].map((user) => `# as ${user}\n${openrc(cloud.url, user)}`);
  process.stdout.write(`${users.join('\n')}\n# Ctrl-C stops the cloud and forgets everything in it.\n`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void cloud.stop());
}

void main();
