import axios from 'axios';
import { silentLog } from '../common/log.js';
import { createMetrics } from '../common/metrics.js';
import { MetricsServer } from '../common/metrics-server.js';

describe('the metrics', () => {
  it('are served on a port of their own, with the state of the connections at that moment', async () => {
    let connected = true;
    const metrics = createMetrics({ queue: { isConnected: () => connected } });
    const server = new MetricsServer({ registry: metrics.registry, log: silentLog, host: '127.0.0.1', port: 0 });
    const url = `http://127.0.0.1:${await server.start()}/metrics`;

    metrics.operations.inc({ kind: 'create', outcome: 'failed', reason: 'quota_exceeded' });
    metrics.apiRequestSeconds.observe({ route: '/v1/clusters/:id', method: 'GET', status: '200' }, 0.004);
    const first = await axios.get<string>(url);
    connected = false;
    const second = await axios.get<string>(url);
    const missing = await axios.get(url.replace('metrics', 'secrets'), { validateStatus: () => true });
    const wrong = await axios.post(url, undefined, { validateStatus: () => true });
    await server.stop();

    expect(first.headers['content-type']).toContain('text/plain');
    expect(first.data).toContain('bayou_operations_total{kind="create",outcome="failed",reason="quota_exceeded"} 1');
    expect(first.data).toContain('bayou_api_request_duration_seconds_bucket{le="0.005",route="/v1/clusters/:id"');
    expect(first.data).toContain('bayou_queue_connected 1');
    expect(second.data).toContain('bayou_queue_connected 0');
    expect([missing.status, wrong.status]).toEqual([404, 405]);
  });

  it('are apart for each process object in one program', async () => {
    const [one, other] = [createMetrics(), createMetrics()];

    one.sweepFinds.inc();

    expect(await one.registry.metrics()).toContain('bayou_sweep_finds_total 1');
    expect(await other.registry.metrics()).toContain('bayou_sweep_finds_total 0');
  });
});
