import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const ROOT = resolve(__dirname, '..', '..');
const NOT_OURS = new Set(['.git', 'node_modules', 'dist', 'var', 'coverage']);

export interface SourceFile {
  /** From the root of the repository, with `/`. */
  readonly path: string;
  readonly text: string;
}

/** Every file of the repository, but for what is generated or installed. */
export function repositoryFiles(): SourceFile[] {
  return filesBelow('.').map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));
}

function filesBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    if (NOT_OURS.has(entry.name)) return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesBelow(path);
    return entry.isFile() ? [path] : [];
  });
}

/** The repository paths that a TypeScript file imports from, `.ts` for `.js`; npm packages are left out. */
export function localImports(file: SourceFile): string[] {
  const specifiers = file.text.matchAll(/(?:\bfrom|\bimport|\bimport\(|\brequire\()\s*'(\.{1,2}\/[^']+)'/g);
  return [...specifiers].map((match) =>
    relative(ROOT, resolve(ROOT, dirname(file.path), match[1] ?? '')).replace(/\.js$/, '.ts'),
  );
}
