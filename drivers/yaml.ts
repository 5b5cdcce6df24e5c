/** Loaded with the first file: an API that is asked for no cluster has no use for it. */
export function parseYaml(text: string): unknown {
  const { parse } = require('yaml') as typeof import('yaml');
  return parse(text);
}
