import { setFlagsFromString } from 'node:v8';

/**
 * Imported before anything else. What is loaded at the start stays for good, and V8 takes all that survives for a sign
 * that the space for short-lived objects is too small: it would grow from 1 to 32 MiB, and an idle process never gives
 * them back. Under load it may grow as ever.
 */
setFlagsFromString('--semi-space-growth-factor=1');

/** Called when the program is up. 2 is V8's own. */
export function letHeapGrow(): void {
  setFlagsFromString('--semi-space-growth-factor=2');
}
