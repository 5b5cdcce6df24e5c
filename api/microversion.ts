/** `N` of version `1.N`. The major version has never been anything else. */
export type Minor = number;

export const MIN_MINOR: Minor = 1;

export type HeaderGeneration = 'current' | 'mitaka';

/** What a request asked for, in either generation of headers. */
export interface Negotiation {
  generation: HeaderGeneration;
  /** The word in front of the version; clients of Liberty and Mitaka send none. */
  service: string;
  outcome:
    | { kind: 'accepted'; minor: Minor }
    /** Well-formed and out of range: `asked` is echoed. */
    | { kind: 'unsupported'; asked: string }
    | { kind: 'malformed'; problem: string };
}

const SERVICE_WORDS: readonly string[] = [
  'container-infra',
  'container-infrastructure-management',
  'container-infrastructure',
];
const DEFAULT_SERVICE = 'container-infra';

export const CURRENT_HEADER = 'OpenStack-API-Version';
export const MITAKA_HEADER = 'X-OpenStack-Magnum-API-Version';

/** The services of Liberty and Mitaka knew 1.1 only, and `latest` meant that. */
const MITAKA_MAX: Minor = 1;

/** Header values as they came in; absent ones undefined. The newer header wins. */
export function negotiate(current: string | undefined, mitaka: string | undefined, highest: Minor): Negotiation {
  if (current === undefined && mitaka !== undefined) {
    const shared = { generation: 'mitaka', service: DEFAULT_SERVICE } as const;
    return { ...shared, outcome: readVersion(mitaka.trim(), MITAKA_HEADER, MITAKA_MAX) };
  }
  const generation = 'current';
  if (current === undefined) {
    return { generation, service: DEFAULT_SERVICE, outcome: { kind: 'accepted', minor: MIN_MINOR } };
  }
  const words = current.trim().split(/\s+/);
  const [service = '', version] = words;
  const known = SERVICE_WORDS.includes(service);
  const shared = { generation, service: known ? service : DEFAULT_SERVICE } as const;
  if (words.length !== 2 || version === undefined) {
    return { ...shared, outcome: malformed(`${CURRENT_HEADER} must be a service type and a version`) };
  }
  // Upstream looks at `latest` before it looks at the service.
  if (!known && version.toLowerCase() !== 'latest') {
    return { ...shared, outcome: malformed(`${CURRENT_HEADER} names another service than ${DEFAULT_SERVICE}`) };
  }
  return { ...shared, outcome: readVersion(version, CURRENT_HEADER, highest) };
}

export function maxMinor(generation: HeaderGeneration, highest: Minor): Minor {
  return generation === 'mitaka' ? MITAKA_MAX : highest;
}

/** `1.9` as 9. */
export function minorOf(version: string): Minor {
  return Number(version.slice(version.indexOf('.') + 1));
}

function readVersion(text: string, header: string, max: Minor): Negotiation['outcome'] {
  if (text.toLowerCase() === 'latest') return { kind: 'accepted', minor: max };
  const match = /^(\d{1,9})\.(\d{1,9})$/.exec(text);
  if (match === null) return malformed(`${header} must end in a version such as 1.${max}, or in latest`);
  const [major, minor] = [Number(match[1]), Number(match[2])];
  if (major !== 1 || minor < MIN_MINOR || minor > max) return { kind: 'unsupported', asked: text };
  return { kind: 'accepted', minor };
}

function malformed(problem: string): Negotiation['outcome'] {
  return { kind: 'malformed', problem };
}

/** The headers of every answer under /v1. `version` is the one in use, or the one refused. */
export function versionHeaders(negotiation: Negotiation, version: string, highest: Minor): Record<string, string> {
  const { generation, service } = negotiation;
  const min = `1.${MIN_MINOR}`;
  const max = `1.${maxMinor(generation, highest)}`;
  if (generation === 'mitaka') {
    return {
      [MITAKA_HEADER]: version,
      'X-OpenStack-Magnum-API-Minimum-Version': min,
      'X-OpenStack-Magnum-API-Maximum-Version': max,
    };
  }
  return {
    [CURRENT_HEADER]: `${service} ${version}`,
    'OpenStack-API-Minimum-Version': `${service} ${min}`,
    'OpenStack-API-Maximum-Version': `${service} ${max}`,
    Vary: CURRENT_HEADER,
  };
}
