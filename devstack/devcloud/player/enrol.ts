import { z } from 'zod';
import { INVITATION_ITEM } from '../../../common/invitation.js';
import { createRequest } from '../../../common/x509.js';
import { type Action, attempt, type PlayedNode, Refused, showCertificate, textOf } from './played-node.js';
import { nodeJsonSchema } from './user-data.js';

const FIRST_DELAY_MS = 1000;
const LONGEST_DELAY_MS = 60_000;
const LONGEST_DELAY_OF_REFUSED_MS = 300_000;
/** Who has another's ticket, or an old one, is to wait for a conductor. */
const MAY_CHANGE = ['ticket_expired', 'ticket_used'];
const GIVES_UP_AFTER_MS = 86_400_000;

const refusalSchema = z.object({ error: z.object({ code: z.string() }) });
const admissionSchema = z.object({ node: nodeJsonSchema.optional() });

/** As `enrol.sh`: asks until it is answered, for a day at least. Refused, it looks for an invitation in its server's metadata. */
export async function* enrol(node: PlayedNode, sshHostKey: string | undefined): Action {
  node.key ??= await createRequest({ commonName: 'node' });
  const end = Math.max(ticketEnd(node.userData.ticket), node.clock.now() + GIVES_UP_AFTER_MS);
  let invitation: string | undefined;
  let longestMs = LONGEST_DELAY_MS;
  for (let delayMs = FIRST_DELAY_MS; node.clock.now() < end; delayMs = Math.min(delayMs * 2, longestMs)) {
    const body = {
      ticket: node.userData.ticket,
      csr: node.key.csrPem,
      ...(invitation === undefined ? {} : { invitation }),
      ...(sshHostKey === undefined ? {} : { ssh_host_key: sshHostKey }),
    };
    const answer = await attempt(node, 'POST', '/v1/enrol', body);
    if (answer?.status === 200) {
      const told = admissionSchema.parse(answer.body).node;
      if (told !== undefined && node.stepsDone.size === 0) node.userData = { ...node.userData, node: told };
      showCertificate(node, textOf(answer, 'certificate'));
      node.say('enrolled');
      return;
    }
    if (answer !== undefined && [400, 403, 410].includes(answer.status)) {
      const code = refusalSchema.safeParse(answer.body).data?.error.code ?? '';
      if (!MAY_CHANGE.includes(code)) throw new Refused(`enrolment was refused: ${JSON.stringify(answer.body)}`);
      invitation = (await node.metadata())[INVITATION_ITEM];
      longestMs = LONGEST_DELAY_OF_REFUSED_MS;
    }
    yield delayMs;
  }
  throw new Refused('nobody has let it enrol');
}

function ticketEnd(ticket: string): number {
  const claims = Buffer.from(ticket.split('.')[1] ?? '', 'base64url').toString('utf8');
  return z.object({ exp: z.number() }).parse(JSON.parse(claims)).exp * 1000;
}
