import type { FaultKind } from '../simulation/seams.js';
import { coeFor, type FaultFinding, seed } from './lives.js';

/** What came of the lives with one kind of fault, in one line. */
export function reportLine(kind: FaultKind, points: number, tried: number, findings: readonly FaultFinding[]): string {
  const count = (what: FaultFinding['kind']) => findings.filter((finding) => finding.kind === what).length;
  const counted = (['lost', 'doubled', 'leaked'] as const).map((what) => `${count(what)} ${what}`).join(', ');
  return `crash: ${coeFor(kind)}: ${kind}: ${points} points, ${tried} tried, seed ${seed}: ${counted}`;
}
