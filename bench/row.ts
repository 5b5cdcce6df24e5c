/** One line of the table: what was held against which target. */
export interface Row {
  what: string;
  target: string;
  measured: string;
  /** Measured as a multiple of the target. */
  ofTarget: number;
  isMet: boolean;
}

export interface Measurement {
  what: string;
  limit: number;
  measured: number;
  /** `%`, `/s`, `ms`, `MiB`, `s`, `×`; empty for a count. */
  unit: string;
  /** What was measured beside it, in the field of the measured value. */
  beside?: string;
}

export function atLeast(measurement: Measurement): Row {
  return row('≥', measurement, measurement.measured >= measurement.limit);
}

export function atMost(measurement: Measurement): Row {
  return row('≤', measurement, measurement.measured <= measurement.limit);
}

function row(relation: string, { what, limit, measured, unit, beside }: Measurement, isMet: boolean): Row {
  const suffix = unit === '' || unit === '%' || unit.startsWith('/') ? unit : ` ${unit}`;
  return {
    what,
    target: `${relation} ${limit.toLocaleString('en')}${suffix}`,
    measured: `${inWords(measured)}${suffix}${beside === undefined ? '' : ` (${beside})`}`,
    ofTarget: limit === 0 ? Number.NaN : measured / limit,
    isMet,
  };
}

/** Three figures say enough, and more than the machine's noise allows. */
export function inWords(value: number): string {
  if (Number.isInteger(value)) return value.toLocaleString('en');
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en', { maximumFractionDigits: digits });
}
