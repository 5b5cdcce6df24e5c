import type { FaultKind } from '../simulation/seams.js';

export interface FaultCase {
  /** Further processes beside the one to which it happens. */
  beside: number;
  /** Points of which label. */
  suits: (label: string) => boolean;
}

/**
 * What may change something outside. A process that stops or stands still between two calls does so after the one as before
 * the other: what only asks adds nothing to that, so it is tried around the calls that change something. An answer that
 * is lost matters everywhere.
 */
const changes = (label: string): boolean => !/^(database read|cloud (GET|HEAD)|node GET) /.test(label);
/** Calls that make something: the ones that matter when they land late. */
const makes = (label: string): boolean => label.startsWith('cloud POST') && !label.endsWith('/auth/tokens');

/** What can happen to a process, and where it is tried. */
export const CASES: Readonly<Record<FaultKind, FaultCase>> = {
  'killed before': { beside: 0, suits: changes },
  'killed after': { beside: 0, suits: changes },
  'answer lost': { beside: 0, suits: () => true },
  'lands late': { beside: 0, suits: makes },
  'frozen before': { beside: 1, suits: changes },
  'frozen after': { beside: 1, suits: changes },
};
