/**
 * The queue says "look at operation N now", nothing more. The database is the truth: a message may
 * be lost, repeated, late or out of order, and the conductor's sweep finds what nobody was told about.
 */
export interface OperationMessage {
  operationId: string;
  /** `req-<uuid>` of the request that caused it. */
  requestId?: string;
}

export type MessageHandler = (message: OperationMessage) => Promise<void>;

export interface Queue {
  /** Connects. A broker that is down does not fail the start: the queue goes on trying behind it. */
  start(): Promise<void>;
  /**
   * Resolves when the broker has confirmed the message. Rejects within `publishTimeoutMs` when it
   * can't be had; the caller goes on, the sweep will find the operation.
   */
  publish(message: OperationMessage): Promise<void>;
  /**
   * Delivery is at least once. The message is acknowledged after `handler` resolves; a handler that
   * rejects gets it again, a bounded number of times, then it goes to the dead letters.
   */
  consume(handler: MessageHandler): Promise<void>;
  /** False while there is no connection; shown by `/healthcheck` and the metrics. */
  isConnected(): boolean;
  /** Stops taking messages, waits for handlers under way (bounded), closes the connection. */
  stop(): Promise<void>;
}
