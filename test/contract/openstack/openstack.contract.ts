import { describeCloudUse } from './cloud-use.contract.js';
import { describeCompute } from './compute.contract.js';
import type { ContractCloud } from './contract-cloud.js';
import { describeIdentity } from './identity.contract.js';
import { describeLimits } from './limits.contract.js';
import { describeObjectStorage } from './object-storage.contract.js';
import { describeOrchestration } from './orchestration.contract.js';
import { describeServers } from './servers.contract.js';
import { describeStackPermissions } from './stack-permissions.contract.js';
import { describeTrusts } from './trusts.contract.js';

/** What Bayou relies on in a cloud, through its own clients. Where two clouds differ, the real one is right. */
export function describeOpenStackContract(name: string, start: () => Promise<ContractCloud>): void {
  describe(`OpenStack contract: ${name}`, () => {
    let cloud: ContractCloud | undefined;
    const running = (): ContractCloud => {
      if (cloud === undefined) throw new Error('The cloud is not running.');
      return cloud;
    };
    beforeAll(async () => {
      cloud = await start();
    });
    afterAll(() => cloud?.close());

    describeIdentity(running);
    describeCloudUse(running);
    describeCompute(running);
    describeLimits(running);
    describeObjectStorage(running);
    describeOrchestration(running);
    describeServers(running);
    describeStackPermissions(running);
    describeTrusts(running);
  });
}
