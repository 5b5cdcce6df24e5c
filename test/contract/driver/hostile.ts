/** Stands in every hostile text, so that it can be found again; not in names, which have lower case only. */
export const MARK = 'HOSTILE_MARK';

/** What tenants may not get into a script, a template or another node's data. */
export const HOSTILE = `${MARK} '" \\ \n\r\t $(touch x) \`x\` %%BAYOU_TICKET%% %%BAYOU_NODE_JSON%% {get_param: user_data} {"get_resource": "x"} </script> 😀`;

export interface Place {
  /** Keys and indexes on the way. */
  path: string[];
  text: string;
}

/** All texts in a plan, and all of its keys, each with its place. */
export function textsIn(value: unknown, path: string[] = []): Place[] {
  if (typeof value === 'string') return [{ path, text: value }];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => [
    { path: [...path, 'key of'], text: key },
    ...textsIn(item, [...path, key]),
  ]);
}

/** Places where a hostile text is anything but a whole value. */
export function leaksIn(value: unknown): Place[] {
  return textsIn(value).filter(
    ({ path, text }) =>
      text.includes(MARK) && (text !== HOSTILE || path.includes('str_replace') || path.at(-1) === 'key of'),
  );
}
