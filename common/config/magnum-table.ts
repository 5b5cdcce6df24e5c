import { MAGNUM_KEYS, type MagnumKeys } from './magnum-keys.js';

/** What becomes of Magnum's settings that Bayou does not have under the same name, as Markdown. */
export function magnumTable(): string {
  const sections = [...new Set(MAGNUM_KEYS.map(({ section }) => section))].map((section) => {
    const rows = MAGNUM_KEYS.filter((row) => row.section === section);
    return rows.map((row) => `| \`[${section}]\` | ${keysOf(row)} | ${fateOf(row)} |\n`).join('');
  });
  return `| section | settings | here |\n|---|---|---|\n${sections.join('')}`;
}

function keysOf({ keys }: MagnumKeys): string {
  return keys
    .split(' ')
    .map((key) => `\`${key}\``)
    .join(', ');
}

function fateOf(row: MagnumKeys): string {
  if ('is' in row) {
    const [section = '', key = ''] = row.is.split('.');
    return key === '*' ? `the same in \`[${section}]\`` : `\`[${section}] ${key}\``;
  }
  if ('instead' in row) return `passed over with a warning: ${row.instead}`;
  return row.only === undefined
    ? `passed over: ${row.because}`
    : `passed over, but refused where it asks for more: ${row.because}`;
}
