import axios from 'axios';
import { systemClock } from '../../../common/clock.js';
import { systemIds } from '../../../common/ids.js';
import { silentLog } from '../../../common/log.js';
import { startDevelopmentCloud } from '../../../devstack/devcloud/devcloud.js';
import { type PasswordCredentials, passwordAuthentication } from '../../../openstack/credentials.js';
import { Session } from '../../../openstack/session.js';
import { createTransport } from '../../../openstack/transport.js';
import type { ContractCloud, Who } from './contract-cloud.js';
import { describeOpenStackContract } from './openstack.contract.js';

const PUBLIC_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPPZZcMGzQxPjmIVJGYNDDL9r6sPM6JaW9a9PZR2/Lg contract';

function onProject(name: string, projectName: string): PasswordCredentials {
  return {
    kind: 'password',
    user: { name, domainName: 'Default' },
    password: 'secret',
    scope: { projectName, projectDomainName: 'Default' },
  };
}

const CREDENTIALS: Record<Who, PasswordCredentials> = {
  member: onProject('demo', 'demo'),
  foreigner: onProject('alt_demo', 'alt'),
  service: onProject('magnum', 'service'),
  domainAdmin: {
    kind: 'password',
    user: { name: 'magnum_domain_admin', domainName: 'magnum' },
    password: 'secret',
    scope: { domainName: 'magnum' },
  },
};

async function start(): Promise<ContractCloud> {
  const cloud = await startDevelopmentCloud(
    { clock: systemClock, ids: systemIds, log: silentLog },
    { host: '127.0.0.1', port: 0, bootMs: 20, heatStepMs: 2 },
  );
  const transport = createTransport();
  return {
    session: (who) =>
      new Session(
        { transport, clock: systemClock, ids: systemIds, authUrl: cloud.url, interface: 'public', timeoutMs: 5000 },
        typeof who === 'string' ? CREDENTIALS[who] : who,
      ),
    token: async (who) => {
      const credentials = typeof who === 'string' ? CREDENTIALS[who] : who;
      const answer = await axios.post(`${cloud.url}/v3/auth/tokens`, passwordAuthentication(credentials));
      return String(answer.headers['x-subject-token']);
    },
    accountDomain: 'magnum',
    image: { name: 'debian-12', osDistro: 'debian' },
    flavor: 'm1.small',
    externalNetwork: 'public',
    publicKey: PUBLIC_KEY,
    stackLimitMs: 5000,
    async slowly(work) {
      const { settings } = cloud.state;
      const { heatStepMs } = settings;
      settings.heatStepMs = 1000;
      try {
        return await work();
      } finally {
        settings.heatStepMs = heatStepMs;
      }
    },
    async close() {
      const left = Object.entries(cloud.everything()).filter(([, items]) => items.length > 0);
      await cloud.stop();
      expect(left).toEqual([]);
    },
  };
}

describeOpenStackContract('development cloud', start);
