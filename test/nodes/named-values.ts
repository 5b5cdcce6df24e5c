/** `NAME=VALUE` … */
export function textsOf(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const [, name = pair, value = ''] = /^([^=]+)=(.*)$/s.exec(pair) ?? [];
      return [name, value];
    }),
  );
}

/** A value that is JSON is meant as JSON. */
export function valuesOf(pairs: readonly string[]): Record<string, unknown> {
  const parsed = (text: string): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  };
  return Object.fromEntries(Object.entries(textsOf(pairs)).map(([name, text]) => [name, parsed(text)]));
}
