import { BILLED, type Bill, type BilledOrchestrator } from '../../drivers/bill.js';
import type { Unpinned } from './sources.js';
import { sizeText } from './sync.js';

const UNKNOWN = '-';

/** Which versions there are bills of. */
export function listBills(orchestrator: BilledOrchestrator, bills: readonly Bill[]): string[] {
  if (bills.length === 0) {
    return [`There is no bill yet. See what a version would consist of: --version ${BILLED[orchestrator].example}`];
  }
  const rows = bills.map(({ version, files, images, origin }) => {
    return [version, `${files.length}`, `${images.length}`, totalText([...files, ...images]), origin];
  });
  return table(['VERSION', 'FILES', 'IMAGES', 'SIZE', 'ORIGIN'], rows);
}

export function listBill({ version, origin, files, images }: Bill): string[] {
  const rows = [
    ...files.map((file) => [file.name, file.for, ...columns(file), file.from ?? 'by --source']),
    ...images.map((image) => [image.name, 'all', ...columns(image), image.digest ?? 'by --source']),
  ];
  return [`${version}: ${origin}`, '', ...table(['NAME', 'FOR', 'SIZE', 'PATH', 'SHA256', 'FROM'], rows)];
}

/** What a version without a bill would consist of. */
export function listUnpinned({ version, files, images }: Unpinned): string[] {
  const rows = [
    ...files.map((file) => [file.name, file.for, file.path, file.from, file.sums]),
    ...images.map(({ name, path }) => [name, 'all', path, name, 'the registry']),
  ];
  return [
    `${version} has no bill: nothing of it has been fetched yet. "bayou mirror sync" pins the sums of the publishers.`,
    '',
    ...table(['NAME', 'FOR', 'PATH', 'FROM', 'SUMS'], rows),
  ];
}

function columns({ sizeBytes, path, sha256 }: { sizeBytes?: number | undefined; path: string; sha256: string }) {
  return [sizeBytes === undefined ? UNKNOWN : sizeText(sizeBytes), path, sha256];
}

function totalText(entries: { sizeBytes?: number | undefined }[]): string {
  const sizes = entries.map(({ sizeBytes }) => sizeBytes);
  if (sizes.includes(undefined)) return UNKNOWN;
  return sizeText(sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0));
}

function table(head: string[], rows: string[][]): string[] {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all.map((row) =>
    row
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
