/** The little of autocannon that is used; the package has no types. */
declare module 'autocannon' {
  export interface Options {
    url: string;
    method?: string;
    headers?: Record<string, string>;
    body?: string;
    connections: number;
    /** Seconds; not with `amount`. */
    duration?: number;
    /** Requests in all. */
    amount?: number;
    /** Seconds until a request counts as lost. */
    timeout?: number;
  }
  export interface Result {
    errors: number;
    timeouts: number;
    non2xx: number;
    '2xx': number;
    /** Seconds. */
    duration: number;
  }
  export interface Instance {
    on(
      event: 'response',
      listener: (client: unknown, statusCode: number, bytes: number, milliseconds: number) => void,
    ): void;
  }
  // biome-ignore lint/style/noDefaultExport: that is how the package exports it
  export default function autocannon(options: Options, done: (error: Error | null, result: Result) => void): Instance;
}
