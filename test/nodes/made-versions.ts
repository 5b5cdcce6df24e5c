import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Bill, BillFile } from '../../drivers/bill.js';
import { COMPONENTS, VERSION } from './kubernetes-mirror.js';

/**
 * Versions that nobody publishes, for upgrades: the same programs, which say another version. That is a string of the
 * same length in a Go program, so nothing is built anew; linked again from source they differ by no more than that and
 * the linker's own mark.
 */
export const NEXT = 'v1.20.3';
/** `NEXT`, but for a kubelet that says this version, and on workers ends at once. */
export const BROKEN = 'v1.20.4';

const BIN = '/opt/bayou/kubernetes/bin';
/** Only masters get it: they must go well for a worker to be tried. */
const REAL_KUBELET = 'kubelet-real';
const BROKEN_KUBELET = `#!/bin/bash
if [ -x ${BIN}/${REAL_KUBELET} ]; then exec ${BIN}/${REAL_KUBELET} "$@"; fi
echo 'this kubelet is broken' >&2
exit 1
`;

const pathOf = (version: string, name: string) => `kubernetes/${version}/amd64/${name}`;

/** Into a mirror that has `VERSION`. Takes three seconds. */
export function makeVersions(folder: string): void {
  for (const name of COMPONENTS) nameAnew(folder, name, NEXT, name);
  nameAnew(folder, 'kubelet', BROKEN, REAL_KUBELET);
  write(join(folder, pathOf(BROKEN, 'kubelet')), BROKEN_KUBELET);
}

/** @param built of `VERSION`, with the images */
export function billsOfMadeVersions(built: Bill, folder: string): Bill[] {
  const measured = (file: BillFile, path: string): BillFile => ({ ...file, path, ...measure(join(folder, path)) });
  const next = built.files.map((file) => measured(file, pathOf(NEXT, file.name)));
  const others = next.filter(({ name }) => name !== 'kubelet');
  const broken = next
    .filter(({ name }) => name === 'kubelet')
    .flatMap((kubelet) => [
      measured(kubelet, pathOf(BROKEN, 'kubelet')),
      measured(
        { ...kubelet, name: REAL_KUBELET, for: 'master', to: `${BIN}/${REAL_KUBELET}` },
        pathOf(BROKEN, REAL_KUBELET),
      ),
    ]);
  return [
    { ...built, version: NEXT, files: next },
    { ...built, version: BROKEN, files: [...others, ...broken] },
  ];
}

function nameAnew(folder: string, name: string, version: string, newName: string): void {
  const program = readFileSync(join(folder, pathOf(VERSION, name)));
  let at = program.indexOf(VERSION);
  if (at < 0) throw new Error(`${name} does not have its version in it`);
  for (; at >= 0; at = program.indexOf(VERSION, at + 1)) program.write(version, at);
  write(join(folder, pathOf(version, newName)), program);
}

/** Not into the file that is there, which may have other names. */
function write(file: string, content: Buffer | string): void {
  mkdirSync(dirname(file), { recursive: true });
  rmSync(file, { force: true });
  writeFileSync(file, content, { mode: 0o755 });
}

function measure(file: string): Pick<BillFile, 'sha256' | 'sizeBytes'> {
  return { sha256: createHash('sha256').update(readFileSync(file)).digest('hex'), sizeBytes: statSync(file).size };
}
