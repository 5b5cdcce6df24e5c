/** The value that this share of `values` does not exceed; NaN of nothing. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

/** Of rounds on a machine that does other things too, the one in the middle says most. */
export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}
