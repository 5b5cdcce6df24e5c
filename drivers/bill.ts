import { z } from 'zod';

/**
 * A bill of materials: every file that nodes of one version of an orchestrator run, with the sum of what was really fetched.
 * Bills are YAML, `templates/<orchestrator>/versions/<version>.yaml`, and in the operator's `bills_path` of its section.
 */

/** Orchestrators whose software comes by bills of materials: how publishers write a version, and the label that names a mirror. */
export const BILLED = {
  kubernetes: { version: /^v\d{1,9}\.\d{1,9}\.\d{1,9}$/, example: 'v1.31.4', mirrorLabel: 'kube_mirror' },
  mesos: { version: /^\d{1,9}\.\d{1,9}\.\d{1,9}$/, example: '1.11.0', mirrorLabel: 'mesos_mirror' },
} as const;
export type BilledOrchestrator = keyof typeof BILLED;

export const versionSchema = z.string().regex(/^v?\d{1,9}\.\d{1,9}\.\d{1,9}$/, 'expected a version like v1.20.2');
export const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 hexadecimal digits');

/** They become parts of URLs, of paths and of commands on nodes: nothing that means something there. */
const NAME = /^[A-Za-z0-9_+-][A-Za-z0-9._+-]*$/;
const hasPlainParts = (path: string) => path.split('/').every((part) => NAME.test(part));

/** Below the mirror's URL. */
export const relativePathSchema = z.string().refine(hasPlainParts, 'expected a relative path of plain names');
export const absolutePathSchema = z
  .string()
  .refine((path) => path.startsWith('/') && hasPlainParts(path.slice(1)), 'expected an absolute path of plain names');
const nameSchema = z.string().regex(NAME, 'expected a plain name');
const urlSchema = z.url({ protocol: /^https?$/ });

/** Where a file goes on a node: itself, executable (`to`), or a tarball's content (`unpack`). */
export const placeShape = {
  name: nameSchema,
  /** Nodes that need it. */
  for: z.enum(['master', 'all']),
  to: absolutePathSchema.optional(),
  unpack: absolutePathSchema.optional(),
  /** Leading parts of the names in the tarball that are left out. */
  strip: z.number().int().min(0).max(9).optional(),
  /** What is unpacked, by its whole name in the tarball. Default: all. */
  members: z.array(relativePathSchema).min(1).optional(),
};

export const hasOnePlace = ({ to, unpack, strip, members }: Omit<Placed, 'name' | 'for'>) =>
  to === undefined ? unpack !== undefined : unpack === undefined && strip === undefined && members === undefined;
export const ONE_PLACE = 'expected either "to", or "unpack" with its "strip" and "members"';
interface Placed extends z.output<z.ZodObject<typeof placeShape>> {}

const fetchedShape = {
  path: relativePathSchema,
  sha256: sha256Schema,
  sizeBytes: z.number().int().min(0).optional(),
};

const fileSchema = z
  .strictObject({
    ...placeShape,
    ...fetchedShape,
    /** The publisher's URL of exactly these bytes. None: to be had only from a folder or mirror that has them. */
    from: urlSchema.optional(),
    /** The publisher's list that the sum was taken from. */
    sums: urlSchema.optional(),
  })
  .refine(hasOnePlace, ONE_PLACE);

/** An archive that `ctr images import` takes, for networks without a registry. */
const imageSchema = z.strictObject({
  /** With its registry, as manifests of pods name it. */
  name: z.string().regex(/^[a-z0-9.-]+(:\d+)?(\/[a-z0-9._-]+)+:[A-Za-z0-9._-]+$/, 'expected registry/name:tag'),
  ...fetchedShape,
  /** The network driver whose clusters need it. Default: all. */
  network: nameSchema.optional(),
  /** The add-on whose clusters need it. Default: all. */
  addon: nameSchema.optional(),
  /** Of its manifest in that registry. None: the archive is to be had only from a folder or mirror that has it. */
  digest: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/)
    .optional(),
});

export const billSchema = z
  .strictObject({
    version: versionSchema,
    /** Who made the files, and how, in words for operators. */
    origin: z.string().min(1),
    files: z.array(fileSchema).min(1),
    images: z.array(imageSchema).default([]),
  })
  .refine(
    ({ files, images }) => new Set([...files, ...images].map(({ path }) => path)).size === files.length + images.length,
    'expected every path only once',
  );

/** Where an orchestrator's software comes from. */
export interface SoftwareSource {
  /** Read when they are needed first. */
  bills: () => readonly Bill[];
  /** Where nodes fetch their software, unless a cluster's label says otherwise. */
  mirrorUrl?: string | undefined;
}

export type Bill = z.output<typeof billSchema>;
export type BillFile = Bill['files'][number];
export type BillImage = Bill['images'][number];

/** What a node fetches from the mirror, and where it goes: with `to` or `unpack`, as in the bill. */
export type NodeFile = Pick<BillFile, 'name' | 'path' | 'sha256' | 'to' | 'unpack' | 'strip' | 'members'>;

/** In the order of the bill. */
export function filesFor(bill: Bill, role: string): NodeFile[] {
  return bill.files
    .filter((file) => file.for === 'all' || file.for === role)
    .map(({ name, path, sha256, to, unpack, strip, members }) => ({
      name,
      path,
      sha256,
      ...(to === undefined ? {} : { to }),
      ...(unpack === undefined ? {} : { unpack }),
      ...(strip === undefined ? {} : { strip }),
      ...(members === undefined ? {} : { members }),
    }));
}

/** In the order of the bill; `addons` by their names. */
export function imagesFor(bill: Bill, networkDriver: string | undefined, addons: readonly string[]): BillImage[] {
  return bill.images.filter(
    ({ network, addon }) =>
      (network === undefined || network === networkDriver) && (addon === undefined || addons.includes(addon)),
  );
}

export function billOf(bills: readonly Bill[], version: string): Bill | undefined {
  return bills.find((bill) => bill.version === version);
}

/** The highest version there is a bill of. */
export function newest(bills: readonly Bill[]): Bill | undefined {
  return [...bills].sort((a, b) => compareVersions(a.version, b.version)).at(-1);
}

/** Below zero when `a` is the older one. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [numbers(a), numbers(b)];
  const index = left.findIndex((part, place) => part !== right[place]);
  return index < 0 ? 0 : (left[index] ?? 0) - (right[index] ?? 0);
}

function numbers(version: string): number[] {
  return version.replace('v', '').split('.').map(Number);
}
