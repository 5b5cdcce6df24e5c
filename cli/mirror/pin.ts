import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { stringify } from 'yaml';
import { ServiceError } from '../../common/errors.js';
import { type Bill, billSchema } from '../../drivers/bill.js';
import type { Downloader } from './download.js';
import { sumIn } from './publisher-sums.js';
import type { Unpinned } from './sources.js';
import type { Kept, Wanted } from './sync.js';

const ORIGIN = "The publishers' own releases; sums from their lists, pinned by bayou mirror sync.";

/** What a bill says. */
export function wantedOf(bill: Bill): Wanted[] {
  const sumBy = `the bill of ${bill.version}`;
  return [
    ...bill.files.map(({ name, path, sha256, from }) => ({ name, path, sha256, sumBy, from })),
    ...bill.images.map(({ name, path, sha256, digest }) => ({
      name,
      path,
      sha256,
      sumBy,
      image: digest === undefined ? undefined : { digest },
    })),
  ];
}

/**
 * What a version without a bill consists of, with the sums of the publishers' lists.
 * @throws ServiceError `not_found` where a list has no sum for its file
 */
export async function wantedBySources(http: Downloader, { files, images }: Unpinned): Promise<Wanted[]> {
  const wanted: Wanted[] = [];
  for (const { name, path, from, sums } of files) {
    const { status, text } = await http.text(sums);
    if (status !== 200) throw new ServiceError('not_found', `${name}: its publisher's list ${sums}: HTTP ${status}.`);
    const fileName = new URL(from).pathname.split('/').at(-1) ?? '';
    const sha256 = sumIn(text, fileName);
    if (sha256 === undefined)
      throw new ServiceError('not_found', `${name}: ${sums} has no SHA-256 sum of ${fileName}.`);
    wanted.push({ name, path, sha256, sumBy: sums, from });
  }
  return [
    ...wanted,
    ...images.map(({ name, path }) => ({ name, path, sha256: undefined, sumBy: name, image: { digest: undefined } })),
  ];
}

/** The bill of what has been fetched and checked. */
export function pinnedBill({ version, files, images }: Unpinned, kept: ReadonlyMap<string, Kept>): Bill {
  return billSchema.parse({
    version,
    origin: ORIGIN,
    files: files.map((file) => ({ ...file, ...withoutDigest(kept.get(file.path)) })),
    images: images.map((image) => ({ ...image, ...kept.get(image.path) })),
  });
}

/** The same bill, with the sizes of what is there. */
export function sizedBill(bill: Bill, kept: ReadonlyMap<string, Kept>): Bill {
  const sized = <T extends { path: string }>(entry: T) => {
    const sizeBytes = kept.get(entry.path)?.sizeBytes;
    return sizeBytes === undefined ? entry : { ...entry, sizeBytes };
  };
  return { ...bill, files: bill.files.map(sized), images: bill.images.map(sized) };
}

/** At once and as a whole: a service may read it at any moment. */
export async function writeBill(bill: Bill, file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.part`, stringify(bill, { lineWidth: 0 }));
  await rename(`${file}.part`, file);
}

function withoutDigest(kept: Kept | undefined): Omit<Kept, 'digest'> | undefined {
  return kept === undefined ? undefined : { sha256: kept.sha256, sizeBytes: kept.sizeBytes };
}
