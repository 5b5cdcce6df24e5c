import type { Cancel, Clock } from '../../common/clock.js';
import type { Database } from '../../common/db/database.js';
import { touchNodes } from '../../common/db/nodes.js';
import { errorText } from '../../common/errors.js';
import type { Log } from '../../common/log.js';

const FLUSH_MS = 5000;
/** More than one process can hear of in that time; beyond, nodes are written at their next heartbeat. */
const MAX_NODES = 50_000;

/** Who was heard of, gathered and written together: a heartbeat without news costs no write of its own. */
export class LastSeen {
  private uuids = new Set<string>();
  private cancel: Cancel | undefined;
  private readonly deps: { db: Database; clock: Clock; log: Log };

  constructor(deps: { db: Database; clock: Clock; log: Log }) {
    this.deps = deps;
  }

  add(uuid: string): void {
    if (this.uuids.size >= MAX_NODES) return;
    this.uuids.add(uuid);
    this.cancel ??= this.deps.clock.after(FLUSH_MS, () => this.flush());
  }

  /** What can't be written is dropped: the next heartbeat brings it again. */
  async flush(): Promise<void> {
    this.cancel?.();
    this.cancel = undefined;
    const heard = [...this.uuids];
    this.uuids = new Set();
    if (heard.length === 0) return;
    try {
      await this.deps.db.transaction('nodes-touch', (trx) => touchNodes(trx, heard, this.deps.clock.now()));
    } catch (error) {
      this.deps.log.warn({ nodes: heard.length, error: errorText(error) }, 'Nodes were not marked as seen');
    }
  }
}
