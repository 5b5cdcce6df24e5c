import { z } from 'zod';
import { SERVICES, type ServiceName } from '../http/route.js';

const times = z.int().min(1).max(100_000).default(1);

const actionSchema = z.union([
  z.strictObject({
    status: z.int().min(400).max(599),
    body: z.unknown().optional(),
    headers: z.record(z.string(), z.string()).optional(),
  }),
  /** No answer, ever. */
  z.literal('hang'),
  /** The connection ends before the call has an effect. */
  z.literal('cut'),
  /** The call has its effect; its answer is lost. */
  z.literal('cutAfter'),
]);

/** Meets the next `times` calls that fit. `path` is a regular expression for what comes after the service's prefix, query included. */
const callFaultSchema = z.strictObject({
  service: z.enum(SERVICES),
  method: z.string().optional(),
  path: z.string().default(''),
  times,
  action: actionSchema.optional(),
  delayMs: z.int().min(0).max(3_600_000).optional(),
});

/** Meets the next `times` servers whose names fit the regular expression `server`. */
const serverFaultSchema = z.strictObject({
  server: z.string(),
  times,
  action: z.union([z.literal('neverBoots'), z.strictObject({ error: z.string(), code: z.int().optional() })]),
});

export const faultSchema = z.union([callFaultSchema, serverFaultSchema]);

export type Fault = z.input<typeof faultSchema>;
export type CallFault = z.output<typeof callFaultSchema>;
type ServerFault = z.output<typeof serverFaultSchema>;

export type ServerFate = 'neverBoots' | { message: string; code: number | undefined };

/** What goes wrong on order. */
export class Faults {
  #calls: CallFault[] = [];
  #servers: ServerFault[] = [];
  /** Before every answer. */
  latencyMs = 0;

  /** @throws ZodError */
  order(fault: Fault): void {
    const parsed = faultSchema.parse(fault);
    if ('server' in parsed) this.#servers.push(parsed);
    else this.#calls.push(parsed);
  }

  clear(): void {
    this.#calls = [];
    this.#servers = [];
    this.latencyMs = 0;
  }

  /** Faults that have not been met as often as ordered. */
  left(): number {
    return this.#calls.length + this.#servers.length;
  }

  takeCallFault(service: ServiceName, method: string, path: string): CallFault | undefined {
    const found = this.#calls.find(
      (fault) =>
        fault.service === service &&
        (fault.method === undefined || fault.method.toUpperCase() === method) &&
        new RegExp(fault.path).test(path),
    );
    if (found === undefined) return undefined;
    found.times -= 1;
    this.#calls = this.#calls.filter((fault) => fault.times > 0);
    return found;
  }

  takeServerFault(name: string): ServerFate | undefined {
    const found = this.#servers.find((fault) => new RegExp(fault.server).test(name));
    if (found === undefined) return undefined;
    found.times -= 1;
    this.#servers = this.#servers.filter((fault) => fault.times > 0);
    return found.action === 'neverBoots' ? 'neverBoots' : { message: found.action.error, code: found.action.code };
  }
}
