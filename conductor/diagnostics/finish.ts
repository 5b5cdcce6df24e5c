import { type Cluster, clusters } from '../../common/db/clusters.js';
import type { Query } from '../../common/db/database.js';
import { BUNDLE, diagnosticPieces, putWhole, readWhole } from '../../common/db/diagnostic-pieces.js';
import type { Diagnostic, NodeFinding } from '../../common/db/diagnostics.js';
import { appendEvent } from '../../common/db/events.js';
import { errorText } from '../../common/errors.js';
import { type Bundle, type BundleFile, makeBundle } from './bundle.js';
import type { Claim, DiagnosticDeps } from './claim.js';
import { knownSecrets } from './known-secrets.js';
import { scrubPart } from './scrub-parts.js';
import { summaryFiles } from './summary.js';

/** Puts together what has come. Whoever has not been asked by now is not any more. */
export async function finish(deps: DiagnosticDeps, claim: Claim, cluster: Cluster): Promise<void> {
  const { clock, db, sealer, settings } = deps;
  const { uuid: diagnosticId } = claim.diagnostic;
  const secrets = await db.read('known secrets', (query) => knownSecrets(query, sealer, cluster.uuid));
  const findings: NodeFinding[] = [];
  const parts: BundleFile[] = [];
  for (const finding of claim.diagnostic.findings) {
    const { file, ...told } = await partOf(deps, diagnosticId, finding, secrets);
    findings.push(told.finding);
    if (file !== undefined) parts.push(file);
  }
  const now = clock.now();
  const summary = await summaryFiles(deps, cluster, { ...claim.diagnostic, findings });
  const bundle = await makeBundle(`diagnostics-${diagnosticId}`, [...summary, ...parts], now);
  const ready = { state: 'ready', sizeBytes: bundle.bytes.length, sha256: bundle.sha256 } as const;
  const changes = { ...ready, findings: withoutRoom(findings, bundle), ...ended(now, settings.diagnostics.keepMs) };
  await claim.write('end diagnostic', changes, async (trx) => {
    await diagnosticPieces.delete(trx, { diagnosticId });
    await putWhole(trx, sealer, { diagnosticId, source: BUNDLE }, bundle.bytes);
    await tell(deps, trx, claim.diagnostic, readyWords(cluster, claim.diagnostic, findings));
  });
}

/** It could not be put together, however often it was tried. */
export async function giveUp(deps: DiagnosticDeps, claim: Claim): Promise<void> {
  const { diagnostic } = claim;
  const now = deps.clock.now();
  await claim.write(
    'give diagnostic up',
    { state: 'failed', ...ended(now, deps.settings.diagnostics.keepMs) },
    async (trx) => {
      await diagnosticPieces.delete(trx, { diagnosticId: diagnostic.uuid });
      const message = 'The diagnostics could not be put together: this is a fault of Bayou, see its log';
      await tell(deps, trx, diagnostic, { kind: 'diagnostic_failed', message });
    },
  );
}

function ended(now: number, keepMs: number): Partial<Diagnostic> {
  return { openKey: undefined, dueAt: undefined, claimedUntil: undefined, finishedAt: now, expiresAt: now + keepMs };
}

async function partOf(
  { db, sealer }: DiagnosticDeps,
  diagnosticId: string,
  finding: NodeFinding,
  secrets: readonly string[],
): Promise<{ finding: NodeFinding; file?: BundleFile }> {
  const { name, nodeId, isEnded, problems, source } = finding;
  if (!isEnded) return { finding: { ...finding, isEnded: true, problems: [...problems, 'there was no more time'] } };
  if (source === undefined) return { finding };
  const gzipped = await db.read('diagnostic part', (query) =>
    readWhole(query, sealer, { diagnosticId, source: nodeId }),
  );
  try {
    return { finding, file: { name: `nodes/${name}.log`, text: await scrubPart(gzipped, secrets) } };
  } catch (error) {
    const { source: _nothing, ...rest } = finding;
    return { finding: { ...rest, problems: [...problems, `${source}: ${errorText(error)}`] } };
  }
}

function withoutRoom(findings: readonly NodeFinding[], { leftOut }: Bundle): NodeFinding[] {
  return findings.map((finding) => {
    if (!leftOut.includes(`nodes/${finding.name}.log`)) return finding;
    return { ...finding, problems: [...finding.problems, 'its part had no room in the bundle'] };
  });
}

function readyWords(cluster: Cluster, { uuid }: Diagnostic, findings: readonly NodeFinding[]) {
  const came = findings.filter(({ source }) => source !== undefined).length;
  const path = `/v1/clusters/${cluster.uuid}/diagnostics/${uuid}/bundle`;
  return {
    kind: 'diagnostic_ready',
    message: `Diagnostics of ${came} of ${findings.length} nodes are ready: GET ${path}`,
  };
}

/** @returns nothing where the cluster has gone: then nobody is to hear of it */
async function tell(
  { clock, ids }: DiagnosticDeps,
  trx: Query,
  { uuid, clusterId, projectId }: Diagnostic,
  { kind, message }: { kind: string; message: string },
): Promise<void> {
  if ((await clusters.find(trx, { uuid: clusterId })) === undefined) return;
  const details = { diagnostic: uuid };
  const shared = { clusterId, projectId, details, createdAt: clock.now() };
  await appendEvent(trx, { ...shared, uuid: ids.uuid(), actor: 'bayou', kind, message });
}
