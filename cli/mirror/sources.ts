import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ServiceError } from '../../common/errors.js';
import { templatePath } from '../../common/package-root.js';
import { type Bill, type BilledOrchestrator, billSchema, compareVersions, versionSchema } from '../../drivers/bill.js';
import { readYaml } from '../../drivers/bill-files.js';
import { imagesOfAddons } from '../../drivers/kubernetes/addons.js';

/** Texts with `{kubernetes}`, `{etcd}` and the like in them: the result must fit into a bill, and is checked there. */
const fileSchema = z.strictObject({
  name: z.string(),
  for: z.string(),
  path: z.string(),
  from: z.string(),
  sums: z.string(),
  to: z.string().optional(),
  unpack: z.string().optional(),
  strip: z.number().optional(),
  members: z.array(z.string()).optional(),
});

const sourcesSchema = z.strictObject({
  /** What goes with which version: the row with the highest `since` that is not above it. */
  components: z.array(z.object({ since: versionSchema }).catchall(z.string())).min(1),
  files: z.array(fileSchema).min(1),
  images: z
    .array(
      z.strictObject({
        name: z.string(),
        path: z.string(),
        network: z.string().optional(),
        addon: z.string().optional(),
      }),
    )
    .default([]),
  /** Whether the images of all of Kubernetes' add-ons belong to it, as their own table has them. */
  addons: z.boolean().default(false),
});

type Sources = z.output<typeof sourcesSchema>;

/** What a version consists of and where it is published, without the sums. */
export type Unpinned = {
  version: string;
  files: (Omit<Bill['files'][number], 'sha256' | 'from' | 'sums'> & { from: string; sums: string })[];
  images: Pick<Bill['images'][number], 'name' | 'path' | 'network' | 'addon'>[];
};

/** Stands for what is not known yet, while the rest is checked as a bill. */
const NO_SUM = '0'.repeat(64);

/**
 * @throws ServiceError `not_found` for versions older than every row, or without any source; `invalid` for a file with mistakes
 */
export function unpinned(orchestrator: BilledOrchestrator, billsPath: string | undefined, version: string): Unpinned {
  const file = sourcesFile(orchestrator, billsPath);
  const sources = readYaml(file, sourcesSchema);
  const filled = fill(sources, orchestrator, version);
  if (filled === undefined) throw new ServiceError('not_found', `${file} has no components for ${version}.`);
  const files = filled.files.map((entry) => ({ ...entry, sha256: NO_SUM }));
  const named = sources.addons ? withAddons(filled.images, version) : filled.images;
  const images = named.map((entry) => ({ ...entry, sha256: NO_SUM }));
  const checked = billSchema.safeParse({ version, origin: file, files, images });
  if (!checked.success) throw new ServiceError('invalid', `${file}: ${z.prettifyError(checked.error)}`);
  // Every file of a source has both, so they are in what was checked.
  return {
    version,
    files: checked.data.files.map(({ sha256: _none, from = '', sums = '', ...rest }) => ({ ...rest, from, sums })),
    images: checked.data.images.map(({ sha256: _none, ...image }) => image),
  };
}

/** Images of add-ons besides, but for those that the file names itself. */
function withAddons(images: Sources['images'], version: string): Sources['images'] {
  const named = new Set(images.map(({ name }) => name));
  const further = imagesOfAddons(version).filter(({ name }) => !named.has(name));
  return [...images, ...further.map((image) => ({ ...image, path: `images/${archiveName(image.name)}` }))];
}

/** `coredns-v1.8.0.tar`; publishers differ in the rest of the name. */
function archiveName(image: string): string {
  return `${image.slice(image.lastIndexOf('/') + 1).replace(':', '-')}.tar`;
}

function sourcesFile(orchestrator: BilledOrchestrator, billsPath: string | undefined): string {
  const own = billsPath === undefined ? [] : [join(billsPath, 'sources.yaml')];
  const file = [...own, templatePath(orchestrator, 'sources.yaml')].find(existsSync);
  if (file !== undefined) return file;
  throw new ServiceError(
    'not_found',
    `Bayou knows no publisher of ${orchestrator}: put a bill, or a sources.yaml that names one, into [${orchestrator}] bills_path.`,
  );
}

function fill(
  { components, files, images }: Sources,
  orchestrator: BilledOrchestrator,
  version: string,
): Pick<Sources, 'files' | 'images'> | undefined {
  const row = components
    .filter(({ since }) => compareVersions(since, version) <= 0)
    .sort((a, b) => compareVersions(a.since, b.since))
    .at(-1);
  if (row === undefined) return undefined;
  const values: Record<string, unknown> = { ...row, [orchestrator]: version.replace('v', '') };
  return filledIn({ files, images }, values);
}

/** An unknown name stays as it is, and is refused as a part of a path or URL. */
function filledIn<T>(value: T, values: Record<string, unknown>): T {
  const filled = (text: string) => text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
  return JSON.parse(JSON.stringify(value), (_key, part: unknown) => (typeof part === 'string' ? filled(part) : part));
}
