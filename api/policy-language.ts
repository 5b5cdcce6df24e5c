import { ServiceError } from '../common/errors.js';

/** What a rule is compared with: a field of the object in hand, by upstream's name. Undefined: it has none. */
export type PolicyTarget = (field: string) => string | undefined;

export interface PolicyCredentials {
  roles: readonly string[];
  /** What else is known of the caller, in the names of oslo.context. */
  known: Readonly<Partial<Record<string, string>>>;
}

export type Check = (target: PolicyTarget, credentials: PolicyCredentials) => boolean;

/** `role:admin` as its two halves, made into a check. @throws ServiceError where there is no such check. */
type Atom = (kind: string, match: string) => Check;

export const ALWAYS: Check = () => true;
export const NEVER: Check = () => false;

export function policyError(rule: string, problem: string): ServiceError {
  return new ServiceError('invalid', `Policy rule "${rule}": ${problem}`, { code: 'policy_invalid' });
}

/**
 * oslo.policy's language: checks, `and`, `or`, `not`, parentheses, `@` (always), `!` (never); an empty text allows.
 * What oslo.policy would take for a rule that refuses everybody, because it does not parse, is an error here.
 */
export function parseRule(rule: string, text: string, atom: Atom): Check {
  return text === '' ? ALWAYS : new RuleParser(rule, text, atom).parse();
}

/** Words between blanks; parentheses count only where a word begins or ends, for `%(project_id)s` has some of its own. */
function wordsOf(text: string): string[] {
  return text.split(/\s+/).flatMap((word) => {
    const rest = word.replace(/^\(+/, '');
    const inner = rest.replace(/\)+$/, '');
    const opening = word.slice(0, word.length - rest.length);
    return [...opening, ...(inner === '' ? [] : [inner]), ...rest.slice(inner.length)];
  });
}

/** `or` binds weaker than `and`, `and` weaker than `not`. */
class RuleParser {
  readonly #rule: string;
  readonly #words: string[];
  readonly #atom: Atom;

  constructor(rule: string, text: string, atom: Atom) {
    this.#rule = rule;
    this.#words = wordsOf(text);
    this.#atom = atom;
  }

  parse(): Check {
    const check = this.#or();
    if (this.#words.length > 0) throw policyError(this.#rule, `"${this.#words[0]}" is out of place`);
    return check;
  }

  #or(): Check {
    const checks = this.#list('or', () => this.#and());
    return (target, credentials) => checks.some((check) => check(target, credentials));
  }

  #and(): Check {
    const checks = this.#list('and', () => this.#not());
    return (target, credentials) => checks.every((check) => check(target, credentials));
  }

  #list(operator: string, part: () => Check): Check[] {
    const checks = [part()];
    while (this.#words[0]?.toLowerCase() === operator) {
      this.#words.shift();
      checks.push(part());
    }
    return checks;
  }

  #not(): Check {
    const word = this.#words.shift();
    if (word === undefined) throw policyError(this.#rule, 'it ends too early');
    if (word.toLowerCase() === 'not') {
      const check = this.#not();
      return (target, credentials) => !check(target, credentials);
    }
    if (word === '@') return ALWAYS;
    if (word === '!') return NEVER;
    if (word !== '(') return this.#check(word);
    const inner = this.#or();
    if (this.#words.shift() !== ')') throw policyError(this.#rule, 'a parenthesis is not closed');
    return inner;
  }

  #check(word: string): Check {
    const colon = word.indexOf(':');
    const kind = word.slice(0, Math.max(colon, 0));
    if (!/^([\w.]+|'[^']*'|"[^"]*")$/.test(kind)) throw policyError(this.#rule, `"${word}" is no check`);
    return this.#atom(kind, word.slice(colon + 1));
  }
}

/** Undefined where the target lacks a field that the text names. */
export type Template = (target: PolicyTarget) => string | undefined;

/**
 * A text with fields of the target in it, `%(name)s`.
 * @returns undefined for a stray `%`.
 */
export function readTemplate(match: string): Template | undefined {
  if (!match.includes('%')) return () => match;
  const only = /^%\(([^)]+)\)s$/.exec(match)?.[1];
  if (only !== undefined) return (target) => target(only);
  const parts = match.split(/(%\([^)]+\)s|%%)/);
  if (parts.some((part, index) => index % 2 === 0 && part.includes('%'))) return undefined;
  return (target) => {
    const texts = parts.map((part, index) =>
      index % 2 === 0 ? part : part === '%%' ? '%' : target(part.slice(2, -2)),
    );
    return texts.includes(undefined) ? undefined : texts.join('');
  };
}
