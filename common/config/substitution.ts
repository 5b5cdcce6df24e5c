import type { IniFile } from './ini.js';

const REFERENCE = /\$(?:\$|(\w+)|\{(?:(\w+)\.)?(\w+)\})/g;
/** A value may name one that names another; this many deep at most, so that a circle ends. */
const MAX_DEPTH = 8;

/**
 * oslo.config's references in values: `$key` and `${key}` stand for a setting of the same section or of [DEFAULT],
 * `${section.key}` for any other, `$$` and `\$` for a dollar sign. What names nothing stays as it is, as there.
 */
export function substituted(file: IniFile): IniFile {
  const result: IniFile = new Map();
  for (const [section, values] of file) {
    result.set(section, new Map([...values].map(([key, value]) => [key, resolve(file, section, value, 0)])));
  }
  return result;
}

function resolve(file: IniFile, section: string, value: string, depth: number): string {
  if (!value.includes('$')) return value;
  return value
    .replaceAll('\\$', '$$$$')
    .replace(REFERENCE, (whole: string, plain?: string, other?: string, inBraces?: string) => {
      if (whole === '$$') return '$';
      const key = plain ?? inBraces ?? '';
      const home = [other ?? section, ...(other === undefined ? ['DEFAULT'] : [])].find((name) =>
        file.get(name)?.has(key),
      );
      if (home === undefined || depth >= MAX_DEPTH) return whole;
      return resolve(file, home, file.get(home)?.get(key) ?? '', depth + 1);
    });
}
