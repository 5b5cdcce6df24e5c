import { z } from 'zod';

const link = z.strictObject({ rel: z.string(), href: z.string() });

/** The body of every answer that is a refusal: the shape of Mitaka and later. */
export const refusalAnswer = z.strictObject({
  errors: z.array(
    z.union([
      z.strictObject({
        request_id: z.string(),
        code: z.string(),
        status: z.int(),
        title: z.string(),
        detail: z.string(),
        links: z.array(link),
      }),
      // Of a version that is not offered.
      z.strictObject({
        code: z.literal('magnum.microversion-unsupported'),
        title: z.string(),
        min_version: z.string(),
        max_version: z.string(),
        links: z.array(link),
      }),
    ]),
  ),
});
