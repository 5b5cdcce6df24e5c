import { forVersion } from './versions.js';

/** By the minor versions of Kubernetes that it is for: each is good below `before`, the first that fits counts. */
export type Tags = readonly { before: number | undefined; tag: string }[];

/** @throws Error when no line is for all later versions */
export function tagFor(tags: Tags, version: string): string {
  return forVersion(tags, version).tag;
}

/** The prefix takes the place of everything before the last part of the name, as in upstream's drivers. */
export function withPrefix(image: string, prefix: string | undefined): string {
  return prefix === undefined ? image : `${prefix}${image.slice(image.lastIndexOf('/') + 1)}`;
}
