import { z } from 'zod';

/**
 * The part of Ignition's configuration specification 3.4.0 that matters here, strict: Ignition itself only
 * warns of an unknown key, and then the machine lacks something.
 */
const absolutePath = z.string().regex(/^\/([^/]+\/)*[^/]+$/);
const dataUrl = z.string().regex(/^data:(;base64,[A-Za-z0-9+/]*={0,2}|,[A-Za-z0-9._~%-]*)$/);

const contents = z.strictObject({
  compression: z.enum(['gzip', '']).optional(),
  source: dataUrl,
  verification: z.strictObject({ hash: z.string().regex(/^sha(256|512)-[0-9a-f]+$/) }).optional(),
});

const file = z.strictObject({
  path: absolutePath,
  overwrite: z.boolean().optional(),
  contents: contents.optional(),
  /** Decimal in JSON. */
  mode: z.int().min(0).max(0o7777).optional(),
});

const unit = z.strictObject({
  name: z.string().regex(/^[\w@.-]+\.(service|socket|mount|timer|path|target)$/),
  enabled: z.boolean().optional(),
  mask: z.boolean().optional(),
  contents: z.string().optional(),
});

export const ignitionConfig = z.strictObject({
  ignition: z.strictObject({ version: z.literal('3.4.0') }),
  storage: z.strictObject({
    files: z
      .array(file)
      .refine((files) => new Set(files.map(({ path }) => path)).size === files.length, 'a path is there twice')
      .optional(),
  }),
  systemd: z.strictObject({ units: z.array(unit).optional() }),
});
