interface Patience {
  limitMs?: number;
  everyMs?: number;
  /** What the failure says besides; asked only then. */
  tell?: () => string | Promise<string>;
}

/** Waits, in real time, until `condition` holds; for tests against real servers. Fails after `limitMs`. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  { limitMs = 60_000, everyMs = 10, tell = () => '' }: Patience = {},
): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > deadline) {
      throw new Error(`Not within ${limitMs} ms: ${condition.toString()}\n${await tell()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
