import type { FaultKind } from '../simulation/seams.js';
import { liveWithFault, recordPoints } from './zz-sample.js';
const CASES: [FaultKind, number][] = [['killed before', 0], ['killed after', 0], ['answer lost', 0], ['lands late', 0], ['frozen after', 1], ['frozen before', 1]];
it('node group points', async () => {
  const findings: unknown[] = [];
  let tried = 0;
  for (const [kind, beside] of CASES) {
    const points = await recordPoints(beside);
    const a = points.findIndex((label, i) => i > points.length * 0.45);
    const b = Math.floor(points.length * 0.85);
    const chosen = Array.from({ length: b - a }, (_, i) => a + i).filter((i) => kind !== 'lands late' || (points[i]?.startsWith('cloud POST') && !points[i]?.endsWith('/auth/tokens')));
    const step = Math.max(1, Math.floor(chosen.length / 16));
    for (let i = 0; i < chosen.length; i += step) { const p = chosen[i]!; tried++; findings.push(...(await liveWithFault(kind, p, points[p] ?? '', beside))); }
    process.stdout.write(`${kind}: ${points.length} points, tried so far ${tried}, findings ${JSON.stringify(findings)}\n`);
  }
  expect(findings).toEqual([]);
}, 3600000);
