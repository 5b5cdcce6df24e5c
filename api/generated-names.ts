import type { Ids } from '../common/ids.js';

const GREEK =
  'alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon phi chi psi omega'.split(
    ' ',
  );

/** A name for what its owner did not name, such as `omega-7-cluster`; not unique. */
export function generatedName(ids: Ids, kind: 'cluster' | 'template' | 'bay' | 'model' | 'federation'): string {
  const word = GREEK[Math.floor(ids.random() * GREEK.length)] ?? 'alpha';
  return `${word}-${1 + Math.floor(ids.random() * 24)}-${kind}`;
}
