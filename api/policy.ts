import { ServiceError } from '../common/errors.js';

/** What a rule compares with: the caller's credentials and the target's fields, in oslo.policy's names. */
export type PolicyTarget = Readonly<Record<string, string | undefined>>;

export interface PolicyCredentials {
  user_id: string;
  project_id: string | undefined;
  /** Domain of the user, as Magnum has it. */
  domain_id: string | undefined;
  roles: readonly string[];
}

type Check = (target: PolicyTarget, credentials: PolicyCredentials) => boolean;

const ADMIN_RULE = 'context_is_admin';

/** Rules may name each other; this many deep at most, so that a circle is an error and no hang. */
const MAX_DEPTH = 32;

/**
 * Rules in oslo.policy's language: `role:x`, `rule:x`, `is_admin:True`, `user_id:%(user_id)s` and the
 * like, `and`, `or`, `not`, parentheses, `@` (always), `!` (never). Parsed once, checked often.
 */
export class Policy {
  readonly #checks = new Map<string, Check>();

  /** @throws ServiceError `invalid` that names the rule which does not parse or refers to none. */
  constructor(rules: Readonly<Record<string, string>>) {
    for (const name of Object.keys(rules)) this.#checks.set(name, this.#compile(rules, name, 0));
  }

  /** An unknown rule refuses everybody. */
  allows(rule: string, target: PolicyTarget, credentials: PolicyCredentials): boolean {
    return this.#checks.get(rule)?.(target, credentials) ?? false;
  }

  isAdmin(credentials: PolicyCredentials): boolean {
    return this.allows(ADMIN_RULE, {}, credentials);
  }

  #compile(rules: Readonly<Record<string, string>>, name: string, depth: number): Check {
    const text = rules[name];
    if (text === undefined) throw policyError(name, 'there is no such rule');
    if (depth > MAX_DEPTH) throw policyError(name, 'it refers to itself');
    const atom = (word: string): Check => {
      const [kind, match] = splitAtom(name, word);
      if (kind === 'rule') return this.#compile(rules, match, depth + 1);
      if (kind === 'is_admin') {
        const admin = this.#compile(rules, ADMIN_RULE, depth + 1);
        return (target, credentials) => admin(target, credentials) === (match.toLowerCase() === 'true');
      }
      return comparison(kind, match);
    };
    return new RuleParser(name, text, atom).parse();
  }
}

function policyError(rule: string, problem: string): ServiceError {
  return new ServiceError('invalid', `Policy rule "${rule}": ${problem}`, { code: 'policy_invalid' });
}

function splitAtom(rule: string, word: string): [kind: string, match: string] {
  const colon = word.indexOf(':');
  if (colon <= 0) throw policyError(rule, `"${word}" is no check`);
  return [word.slice(0, colon), word.slice(colon + 1)];
}

/** Roles compare without case, as in oslo.policy; an unset value equals nothing. */
function comparison(kind: string, match: string): Check {
  if (kind === 'role') {
    const role = match.toLowerCase();
    return (_target, credentials) => credentials.roles.some((held) => held.toLowerCase() === role);
  }
  const placeholder = /^%\((\w+)\)s$/.exec(match)?.[1];
  return (target, credentials) => {
    const wanted = placeholder === undefined ? match : target[placeholder];
    const held = Object.hasOwn(credentials, kind) ? credentials[kind as keyof PolicyCredentials] : undefined;
    return wanted !== undefined && held === wanted;
  };
}

/** `or` binds weaker than `and`, `and` weaker than `not`. */
class RuleParser {
  readonly #rule: string;
  readonly #words: string[];
  readonly #atom: (word: string) => Check;

  constructor(rule: string, text: string, atom: (word: string) => Check) {
    this.#rule = rule;
    // A parenthesis inside an atom belongs to `%(project_id)s`.
    this.#words = text.match(/%\(\w+\)s|[^\s()%]+(?:%\(\w+\)s)?|[()]|%/g) ?? [];
    this.#atom = atom;
  }

  parse(): Check {
    if (this.#words.length === 0) return () => true; // oslo: an empty rule allows
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
    if (word === '@') return () => true;
    if (word === '!') return () => false;
    if (word !== '(') return this.#atom(word);
    const inner = this.#or();
    if (this.#words.shift() !== ')') throw policyError(this.#rule, 'a parenthesis is not closed');
    return inner;
  }
}
