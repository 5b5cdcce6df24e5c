import type { Clock } from '../../common/clock.js';
import { listStacks, type StackSummary } from '../../openstack/orchestration/stacks.js';
import type { CallContext, Session } from '../../openstack/session.js';

/** Every stack of ours has this tag, so one list call shows all of a project's. */
export const STACK_TAG = 'bayou';

/** How old a list may be: many clusters of a project are looked at in the same second. */
const FRESH_MS = 1000;
const MAX_PROJECTS = 1000;

/** Through whose eyes: an account's in its own project, or the service user's through the project's path. */
export interface StackAccess {
  session: Session;
  projectId?: string | undefined;
}

interface Listing {
  at: number;
  stacks: Promise<Map<string, StackSummary>>;
}

/** Reads the stacks of a project once for all clusters that look at the same time. */
export class StackObserver {
  readonly #clock: Clock;
  readonly #listings = new Map<string, Listing>();

  constructor(deps: { clock: Clock }) {
    this.#clock = deps.clock;
  }

  async look(
    access: StackAccess,
    ctx: CallContext,
    projectId: string,
    name: string,
  ): Promise<StackSummary | undefined> {
    const known = this.#listings.get(projectId);
    if (known !== undefined && this.#clock.now() - known.at < FRESH_MS) {
      // A neighbour whose account is broken saw nothing: that is not our failure.
      const seen = await known.stacks.catch(() => undefined);
      if (seen !== undefined) return seen.get(name);
    }
    const listing: Listing = { at: this.#clock.now(), stacks: list(access, ctx) };
    this.#listings.set(projectId, listing);
    listing.stacks.catch(() => this.#drop(projectId, listing));
    if (this.#listings.size > MAX_PROJECTS) this.#listings.clear();
    return (await listing.stacks).get(name);
  }

  /** After a call that changes a stack, whatever its answer was. */
  forget(projectId: string): void {
    this.#listings.delete(projectId);
  }

  #drop(projectId: string, listing: Listing): void {
    if (this.#listings.get(projectId) === listing) this.#listings.delete(projectId);
  }
}

async function list(access: StackAccess, ctx: CallContext): Promise<Map<string, StackSummary>> {
  const stacks = await listStacks(access.session, ctx, { tags: [STACK_TAG], projectId: access.projectId });
  return new Map(stacks.map((stack) => [stack.name, stack]));
}
