import ipaddr from 'ipaddr.js';
import { meantWord } from '../common/edit-distance.js';
import type { Problem } from './driver.js';
import type { LabelDefinition } from './label-definition.js';

type Labels = Readonly<Record<string, string>>;
type Definitions = Readonly<Record<string, LabelDefinition>>;

/** A wrong value of a known label is refused; an unknown name is not (upstream stores it). */
export function labelProblems(definitions: Definitions, labels: Labels): Problem[] {
  return Object.entries(labels).flatMap(([name, value]) => {
    const wanted = Object.hasOwn(definitions, name) ? definitions[name] : undefined;
    const expected = wanted === undefined ? undefined : expectation(wanted, value);
    return expected === undefined ? [] : [{ field: `labels.${name}`, message: `"${value}" is not ${expected}` }];
  });
}

/** A boolean label's value; unset is false. */
export function isTrue(value: string | undefined): boolean {
  return /^(true|yes|1)$/i.test(value ?? '');
}

/** Of a mirror, as a label's value. */
export const MIRROR_URL = {
  pattern: /^https?:\/\/[A-Za-z0-9.:-]+(\/[A-Za-z0-9._/-]*)?$/,
  words: 'a URL such as https://mirror.example.org/software',
};

/** Labels of a node group that its nodes would not heed: those of the whole cluster, with another value than it has. */
export function groupLabelProblems(definitions: Definitions, labels: Labels, ofCluster: Labels): Problem[] {
  return Object.entries(labels).flatMap(([name, value]) => {
    const known = Object.hasOwn(definitions, name) ? definitions[name] : undefined;
    if (known === undefined || known.type === 'meaningless' || known.ofGroups === true) return [];
    const wanted = ofCluster[name] ?? known.default;
    if (value === wanted) return [];
    const has = wanted === undefined ? 'does not have it' : `has "${wanted}"`;
    return [{ field: `labels.${name}`, message: `is of the whole cluster, which ${has}: leave it out` }];
  });
}

const ANY_TEXT = { pattern: /./s, words: 'a text of at least one character' };

/** What the value should have been; undefined when it is right. */
function expectation(definition: LabelDefinition, value: string): string | undefined {
  switch (definition.type) {
    case 'text': {
      const { pattern, words } = definition.like ?? ANY_TEXT;
      return pattern.test(value) ? undefined : words;
    }
    case 'boolean':
      return /^(true|false|yes|no|1|0)$/i.test(value) ? undefined : 'true or false';
    case 'integer': {
      const { min, max } = definition;
      const right = /^\d{1,9}$/.test(value) && Number(value) >= min && Number(value) <= max;
      return right ? undefined : `a whole number from ${min} to ${max}`;
    }
    case 'choice':
      return definition.values.includes(value) ? undefined : `one of ${definition.values.join(', ')}`;
    case 'cidr':
      return ipaddr.IPv4.isValidCIDRFourPartDecimal(value) ? undefined : 'an IPv4 network such as 10.0.0.0/24';
    case 'meaningless':
      return undefined;
  }
}

export interface UnknownLabel {
  label: string;
  nearest: string | undefined;
}

const MAX_SLIP = 3;

/** Names that no definition has, each with the known name it may be a slip of. */
export function unknownLabels(definitions: Definitions, labels: Labels): UnknownLabel[] {
  return Object.keys(labels)
    .filter((label) => !Object.hasOwn(definitions, label))
    .map((label) => ({ label, nearest: meantWord(label, Object.keys(definitions), MAX_SLIP) }));
}
