/** Proof that a function leaves alone what it is given, and keeps nothing that it hands out. */

export function deepFreeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const item of Object.values(value)) deepFreeze(item);
}

/** Spoils a plan that was handed out: a driver that keeps parts of it would plan differently next time. */
export function mutilate(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  for (const [key, item] of Object.entries(value)) {
    mutilate(item);
    Reflect.set(value, key, 'spoilt');
  }
}
