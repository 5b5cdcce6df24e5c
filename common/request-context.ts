import { AsyncLocalStorage } from 'node:async_hooks';

/** What every log line and every outgoing call carries about the work in hand. */
export interface RequestContext {
  /** `req-<uuid>`, from the API request through the job to the OpenStack calls it causes. */
  requestId?: string;
  projectId?: string;
  clusterId?: string;
  operationId?: string;
}

const storage = new AsyncLocalStorage<RequestContext>();

export function currentContext(): RequestContext {
  return storage.getStore() ?? {};
}

let inside = 0;

/**
 * Runs `work` with `context` laid over the present one. While anybody is inside, Node calls a hook for every promise
 * that is made anywhere in the process, which costs reads a third of their time: so it ends with the last one.
 */
export async function withContext<T>(context: RequestContext, work: () => Promise<T>): Promise<T> {
  inside += 1;
  try {
    return await storage.run({ ...currentContext(), ...context }, work);
  } finally {
    inside -= 1;
    if (inside === 0) storage.disable();
  }
}
