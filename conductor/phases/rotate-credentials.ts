import { cloudUseOf, makeCredential, readCredential } from '../credential/credential.js';
import { done, type Phase } from '../phase.js';
import { makeLogin, readLogin } from '../registry/login.js';
import type { Work } from '../work.js';

/** What a cluster's registries log in with, however young: its nodes get to know it before the old one goes. */
export const replaceLogin: Phase = {
  name: 'replace_login',
  async run(work) {
    const known = await readLogin(work);
    if (known !== undefined && isOlder(work, known.madeAt)) await makeLogin(work, known.login.generation + 1);
    return done;
  },
};

/** The same for what the cluster logs in to the cloud with by itself. */
export const replaceCredential: Phase = {
  name: 'replace_credential',
  async run(work) {
    const [use, known] = [cloudUseOf(work), await readCredential(work)];
    if (use === undefined || known === undefined || !isOlder(work, known.madeAt)) return done;
    return makeCredential(work, use, known.credential.generation + 1);
  },
};

/** Than this operation. At its first look everything is. */
function isOlder({ operation }: Work, madeAt: number): boolean {
  return operation.startedAt === undefined || madeAt < operation.startedAt;
}
