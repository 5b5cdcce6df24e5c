const SUM = /^[0-9a-f]{64}$/i;
/** As `sha256sum` prints it; `*` stands for binary. */
const LINE = /^([0-9a-f]{64})\s+\*?(?:\.\/)?(\S+)$/i;

/**
 * The sum of a file by its publisher's list: one sum alone, or lines of sums and names.
 * @returns undefined when the list doesn't have it
 */
export function sumIn(list: string, fileName: string): string | undefined {
  const lines = list.split('\n').map((line) => line.trim());
  const alone = lines.filter((line) => line !== '');
  if (alone.length === 1 && SUM.test(alone[0] ?? '')) return alone[0]?.toLowerCase();
  const named = lines.map((line) => LINE.exec(line)).find((match) => match?.[2] === fileName);
  return named?.[1]?.toLowerCase();
}
