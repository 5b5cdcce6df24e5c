import { describeCrashSuite } from './suite.js';

/** Calls that make something: the ones that matter when they land late. */
const makes = (label: string) => label.startsWith('cloud POST') && !label.endsWith('/auth/tokens');

describeCrashSuite([
  { kind: 'answer lost', beside: 0 },
  { kind: 'lands late', beside: 0, suits: makes },
]);
