import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder of package.json, from the sources as from `dist/`. */
function findPackageRoot(): string {
  let folder = __dirname;
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error('package.json is missing above the program');
    folder = parent;
  }
  return folder;
}

const packageRoot = findPackageRoot();

/** As package.json has it. */
export function packageVersion(): string {
  return String(JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')).version);
}

/** A file of `templates/`, which is read at run time and stays where the package has it. */
export function templatePath(...parts: string[]): string {
  return join(packageRoot, 'templates', ...parts);
}
