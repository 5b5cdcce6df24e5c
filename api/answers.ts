import { z } from 'zod';

/**
 * What answers consist of, for the document at /v1/openapi.json. The schema of each view stands beside the view; the
 * API's tests check every answer that they get by that document.
 */

/** What a route answers when all is well, by status; null has no body. Refusals are the same everywhere. */
export type Answers = Readonly<Record<number, z.ZodType | FileAnswer | null>>;

/** Bytes that are no JSON. */
export interface FileAnswer {
  mediaType: string;
}

export function fileAnswer(mediaType: string): FileAnswer {
  return { mediaType };
}

/** An id of Bayou's own. */
export const uuidText = z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);

/** ISO 8601 in UTC, in seconds, as `isoTime` prints it. */
export const timeText = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$/);

export const linkList = z.array(z.strictObject({ href: z.string(), rel: z.string(), type: z.string().optional() }));

export const labelMap = z.record(z.string(), z.string());

/** As `labelsDifference` gives them. */
export const labelDifferences = { labels_overridden: labelMap, labels_added: labelMap, labels_skipped: labelMap };

/** One page of a list, as `pageBody` gives it. */
export function pageAnswer<Name extends string>(collection: Name, item: z.ZodType) {
  return z.strictObject({ [collection]: z.array(item), next: z.string().optional() });
}

/** Of what is only begun. */
export const acceptedAnswer = z.strictObject({ uuid: uuidText });
