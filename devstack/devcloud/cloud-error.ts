/** What a service refuses; each service writes it in its own shape (`http/error-bodies.ts`). */
export class CloudError extends Error {
  readonly status: number;
  /** Neutron's and Heat's fault type. */
  readonly type: string | undefined;

  constructor(status: number, message: string, type?: string) {
    super(message);
    this.name = 'CloudError';
    this.status = status;
    this.type = type;
  }
}

export const UNAUTHORIZED = 'The request you have made requires authentication.';
