import type { ContractCloud } from '../contract/openstack/contract-cloud.js';
import { describeOpenStackContract } from '../contract/openstack/openstack.contract.js';
import { until } from '../support/until.js';
import { leftOver } from './left-over.js';
import { domainAdminCredentials, issueToken, serviceCredentials, sessionsOf } from './sessions.js';
import { storageLeft } from './storage-left.js';
import { readTarget } from './target.js';
import { createTenant } from './tenant.js';

const PUBLIC_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPPZZcMGzQxPjmIVJGYNDDL9r6sPM6JaW9a9PZR2/Lg contract';
const STACK_LIMIT_MS = 180_000;
const LEFT_LIMIT_MS = 60_000;

jest.setTimeout(10 * 60_000);

async function start(): Promise<ContractCloud> {
  const target = readTarget(process.env);
  const open = sessionsOf(target);
  const service = open(serviceCredentials(target));
  const [member, foreigner] = [await createTenant(service, 'member'), await createTenant(service, 'foreigner')];
  const credentials = {
    member: member.credentials,
    foreigner: foreigner.credentials,
    service: serviceCredentials(target),
    domainAdmin: domainAdminCredentials(target),
  };
  return {
    session: (who) => open(typeof who === 'string' ? credentials[who] : who),
    token: (who) => issueToken(target, typeof who === 'string' ? credentials[who] : who),
    accountDomain: target.domainAdmin.domainName,
    image: { name: target.image, osDistro: 'ubuntu' },
    flavor: target.flavor,
    externalNetwork: target.externalNetwork,
    publicKey: PUBLIC_KEY,
    stackLimitMs: STACK_LIMIT_MS,
    slowly: (work) => work(),
    async close() {
      const left = async () => {
        const domain = target.domainAdmin.domainName;
        const found = await Promise.all(
          [member, foreigner].flatMap((tenant) => [leftOver(service, tenant, domain, []), storageLeft(target, tenant)]),
        );
        return Object.assign({}, ...found);
      };
      try {
        const isEmpty = async () => Object.keys(await left()).length === 0;
        const tell = async () => JSON.stringify(await left());
        await until(isEmpty, { limitMs: LEFT_LIMIT_MS, everyMs: 1000, tell });
      } finally {
        await member.remove();
        await foreigner.remove();
      }
    },
  };
}

describeOpenStackContract('real cloud', start);
