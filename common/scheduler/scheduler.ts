/**
 * The scheduler says *when* an operation is to be looked at again. Like the queue it only reminds:
 * the due time stands in the database, and the sweep finds what a lost reminder leaves behind.
 */
export interface Scheduler {
  /** Connects. Redis being down does not fail the start. */
  start(): Promise<void>;
  /** Has the handler called with `operationId` at `atMs` (epoch) or soon after, somewhere, at least once. */
  wakeAt(operationId: string, atMs: number): Promise<void>;
  /** At most one handler per process. */
  onWake(handler: (operationId: string) => Promise<void>): void;
  isConnected(): boolean;
  stop(): Promise<void>;
}
