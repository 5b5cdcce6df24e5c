import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Every metric of Bayou, by what it tells. Labels hold words from short lists, never ids or tenant input. */
export interface Metrics {
  readonly registry: Registry;
  /** `route` is the pattern, such as `/v1/clusters/:id`, not the path. */
  readonly apiRequestSeconds: Histogram<'route' | 'method' | 'status'>;
  readonly nodeRequests: Counter<'route' | 'status'>;
  /** `reason` is the code from the table of reasons, empty on success. */
  readonly operations: Counter<'kind' | 'outcome' | 'reason'>;
  readonly operationPhaseSeconds: Histogram<'kind' | 'phase' | 'outcome'>;
  readonly leaseLosses: Counter;
  readonly sweepFinds: Counter;
  readonly cloudCallSeconds: Histogram<'service' | 'method' | 'status'>;
}

const REQUEST_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const CLOUD_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const PHASE_BUCKETS = [0.01, 0.1, 0.5, 1, 5, 15, 30, 60, 300, 900, 3600];

/** `isConnected` of the parts that can lose a connection is asked when the metrics are read. */
export interface MetricsSources {
  queue?: { isConnected(): boolean };
  scheduler?: { isConnected(): boolean };
}

/** A registry of its own for each process object, so that several can live in one program. */
export function createMetrics(sources: MetricsSources = {}): Metrics {
  const registry = new Registry();
  const registers = [registry];
  addConnectionGauges(registry, sources);
  return {
    registry,
    apiRequestSeconds: new Histogram({
      name: 'bayou_api_request_duration_seconds',
      help: 'Requests to the API, by route pattern, method and status.',
      labelNames: ['route', 'method', 'status'],
      buckets: REQUEST_BUCKETS,
      registers,
    }),
    nodeRequests: new Counter({
      name: 'bayou_node_requests_total',
      help: 'Requests of cluster nodes to the node listener.',
      labelNames: ['route', 'status'],
      registers,
    }),
    operations: new Counter({
      name: 'bayou_operations_total',
      help: 'Operations that ended, by kind, outcome and reason code.',
      labelNames: ['kind', 'outcome', 'reason'],
      registers,
    }),
    operationPhaseSeconds: new Histogram({
      name: 'bayou_operation_phase_duration_seconds',
      help: 'Time from the first look at a phase to its end, waiting included.',
      labelNames: ['kind', 'phase', 'outcome'],
      buckets: PHASE_BUCKETS,
      registers,
    }),
    leaseLosses: new Counter({
      name: 'bayou_lease_losses_total',
      help: 'Leases on a cluster that were lost while working under them.',
      registers,
    }),
    sweepFinds: new Counter({
      name: 'bayou_sweep_finds_total',
      help: 'Operations that the sweep found due and nobody had been told about.',
      registers,
    }),
    cloudCallSeconds: new Histogram({
      name: 'bayou_cloud_call_duration_seconds',
      help: 'Calls to OpenStack services; status 0 is a call without an answer.',
      labelNames: ['service', 'method', 'status'],
      buckets: CLOUD_BUCKETS,
      registers,
    }),
  };
}

function addConnectionGauges(registry: Registry, sources: MetricsSources): void {
  for (const [name, source] of Object.entries(sources)) {
    new Gauge({
      name: `bayou_${name}_connected`,
      help: `1 while the ${name} has its connection.`,
      registers: [registry],
      collect() {
        this.set(source.isConnected() ? 1 : 0);
      },
    });
  }
}
