import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * With it a machine whose disk was made anew enrols in its node's place. It stands in the metadata of the node's server
 * for that time, where only that machine and the server's owners read it, and is good once, together with the ticket.
 */

/** Name of the item of the server's metadata. */
export const INVITATION_ITEM = 'bayou_invitation';

/** What the key is for, in `Sealer.derive`. */
export const INVITATION_KEY_USE = 'invitation';

/** How long what a conductor has allowed may be used. */
export const INVITATION_MS = 3_600_000;

interface Invited {
  nodeId: string;
  allowedAt: number;
}

/** The same text for the same node and moment: who dies over it writes the same again. Nova takes 255 characters. */
export function invitationOf(key: Buffer, { nodeId, allowedAt }: Invited): string {
  return createHmac('sha256', key).update(`${nodeId} ${allowedAt}`).digest('base64url');
}

export function isInvitation(key: Buffer, invited: Invited, text: string): boolean {
  const [known, given] = [invitationOf(key, invited), text].map((each) => Buffer.from(each));
  return known?.length === given?.length && timingSafeEqual(known ?? Buffer.alloc(0), given ?? Buffer.alloc(0));
}
