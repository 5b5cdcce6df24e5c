import { ServiceError } from '../errors.js';

/** `section → key → value`, as written; a key given twice keeps the last value, as oslo.config does. */
export type IniFile = Map<string, Map<string, string>>;

/**
 * Reads oslo.config's INI form: `[section]`, `key = value` or `key: value`, whole-line comments
 * with `#` or `;`, and values that go on in lines that begin with white space.
 */
export function parseIni(text: string, fileName: string): IniFile {
  const file: IniFile = new Map();
  let section = 'DEFAULT';
  let lastKey: string | undefined;
  text.split(/\r?\n/).forEach((line, index) => {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#') || trimmed.startsWith(';')) return;
    if (/^\s/.test(line) && lastKey !== undefined) {
      const values = sectionOf(file, section);
      values.set(lastKey, `${values.get(lastKey) ?? ''}\n${trimmed}`);
      return;
    }
    const header = /^\[([^\]]+)\]$/.exec(trimmed);
    if (header?.[1] !== undefined) {
      section = header[1].trim();
      lastKey = undefined;
      sectionOf(file, section);
      return;
    }
    const pair = /^([^=:\s][^=:]*?)\s*[=:]\s*(.*)$/.exec(trimmed);
    if (pair?.[1] === undefined) {
      throw new ServiceError('invalid', `${fileName}, line ${index + 1}: expected "key = value" or "[section]"`);
    }
    lastKey = pair[1];
    sectionOf(file, section).set(lastKey, unquote(pair[2] ?? ''));
  });
  return file;
}

function sectionOf(file: IniFile, name: string): Map<string, string> {
  let section = file.get(name);
  if (section === undefined) {
    section = new Map();
    file.set(name, section);
  }
  return section;
}

/** oslo.config takes one pair of quotes around a value away. */
function unquote(value: string): string {
  const quoted = /^(['"])(.*)\1$/.exec(value);
  return quoted?.[2] ?? value;
}
