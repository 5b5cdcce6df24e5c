import type { Identity } from '../identity.js';
import type { Minor } from '../microversion.js';
import type { AnyRoute } from '../route.js';
import type { Match } from '../router.js';

/** What the middleware of one request hands down. */
export interface ApiState {
  requestId: string;
  /** As the client gave it. */
  globalRequestId?: string;
  /** Ends when the request has taken too long. */
  signal: AbortSignal;
  /** Where the request goes, or what is to be thrown once the caller is known. */
  match?: Match<AnyRoute>;
  mismatch?: unknown;
  identity?: Identity;
  minor: Minor;
}
