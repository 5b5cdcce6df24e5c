/** How single values look in answers. */

/** ISO 8601 with offset and seconds, as upstream prints it; null before the first change. */
export function isoTime(epochMs: number | undefined): string | null {
  return epochMs === undefined ? null : `${new Date(epochMs).toISOString().slice(0, 19)}+00:00`;
}

export interface Link {
  href: string;
  rel: string;
}

/** `self` with the version, `bookmark` without. */
export function links(baseUrl: string, path: string): Link[] {
  return [
    { href: `${baseUrl}/v1/${path}`, rel: 'self' },
    { href: `${baseUrl}/${path}`, rel: 'bookmark' },
  ];
}

type Labels = Readonly<Record<string, string>>;

/** How labels differ from those of the parent: a template's or a cluster's. Clients rebuild the request from them. */
export function labelsDifference(own: Labels, parent: Labels) {
  const pick = (from: Labels, wanted: (key: string) => boolean): Labels =>
    Object.fromEntries(Object.entries(from).filter(([key]) => wanted(key)));
  return {
    /** The parent's values, not the own ones. */
    labels_overridden: pick(parent, (key) => Object.hasOwn(own, key) && own[key] !== parent[key]),
    labels_added: pick(own, (key) => !Object.hasOwn(parent, key)),
    labels_skipped: pick(parent, (key) => !Object.hasOwn(own, key)),
  };
}
