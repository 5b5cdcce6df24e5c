/**
 * How many single changes turn `a` into `b`: a letter put in, left out or exchanged, or two neighbours swapped
 * (optimal string alignment). Both words are short.
 */
export function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = swapped ? (beforePrevious[j - 2] ?? 0) + 1 : substitution;
      current.push(Math.min((previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1, substitution, swap));
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[b.length] ?? 0;
}

/** The known word that `word` is a slip of: at most `maxDistance` away, and by less than half of its own length. */
export function meantWord(word: string, known: readonly string[], maxDistance: number): string | undefined {
  const [nearest] = known
    .map((candidate) => ({ candidate, distance: editDistance(candidate, word) }))
    .filter(({ distance }) => distance <= maxDistance && distance < word.length / 2)
    .toSorted((a, b) => a.distance - b.distance);
  return nearest?.candidate;
}
