import { meantWord } from '../common/edit-distance.js';
import {
  type Check,
  NEVER,
  type PolicyCredentials,
  type PolicyTarget,
  parseRule,
  policyError,
  readTemplate,
} from './policy-language.js';

export type PolicyRules = Readonly<Record<string, string>>;

const ADMIN_RULE = 'context_is_admin';

/** What may be known of a caller. A check of anything else refuses, as upstream. */
export const CREDENTIALS = [
  'user_id',
  'user_name',
  'user_domain_id',
  'domain_id',
  'project_id',
  'project_name',
  'project_domain_id',
  'system_scope',
] as const;
const MAX_SLIP = 3;

/** Python's words and texts: a check may compare a field with them, as in `True:%(public)s`. */
const LITERAL = /^(?:(?<word>True|False|None|\d+)|'(?<single>[^']*)'|"(?<double>[^"]*)")$/;

/** Rules in oslo.policy's language, parsed once and checked often. */
export class Policy {
  #checks: ReadonlyMap<string, Check>;
  #revision = 0;
  /** Whether tokens of the system and of domains are refused what is for projects. */
  readonly enforcesScope: boolean;
  /** What is odd about the rules and no reason to refuse them. */
  warnings: readonly string[];

  /**
   * `defaultRule` holds where a rule refers to one that there is not.
   * @throws ServiceError `invalid` that names the rule which does not parse or refers to none.
   */
  constructor(rules: PolicyRules, { defaultRule = 'default', enforcesScope = false } = {}) {
    this.enforcesScope = enforcesScope;
    const compiled = new Compilation(rules, defaultRule).all();
    this.#checks = compiled.checks;
    this.warnings = compiled.warnings;
  }

  /** Counts the changes: whatever was concluded from the rules holds only as long as it stays the same. */
  get revision(): number {
    return this.#revision;
  }

  /** Takes the rules of another policy for its own. */
  become(other: Policy): void {
    this.#checks = other.#checks;
    this.warnings = other.warnings;
    this.#revision += 1;
  }

  /** An unknown rule refuses everybody. */
  allows(rule: string, target: PolicyTarget, credentials: PolicyCredentials): boolean {
    return this.#checks.get(rule)?.(target, credentials) ?? false;
  }

  isAdmin(credentials: PolicyCredentials): boolean {
    return this.allows(ADMIN_RULE, () => undefined, credentials);
  }
}

/** Every rule once, however many refer to it. */
class Compilation {
  readonly #rules: PolicyRules;
  readonly #defaultRule: string;
  readonly #checks = new Map<string, Check>();
  readonly #underWay = new Set<string>();
  readonly #warnings: string[] = [];

  constructor(rules: PolicyRules, defaultRule: string) {
    this.#rules = rules;
    this.#defaultRule = defaultRule;
  }

  all(): { checks: Map<string, Check>; warnings: string[] } {
    for (const name of Object.keys(this.#rules)) this.#rule(name, name);
    return { checks: this.#checks, warnings: this.#warnings };
  }

  #rule(name: string, askedBy: string): Check {
    const known = this.#checks.get(name);
    if (known !== undefined) return known;
    if (!Object.hasOwn(this.#rules, name)) return this.#missing(name, askedBy);
    if (this.#underWay.has(name)) throw policyError(name, 'it refers to itself');
    this.#underWay.add(name);
    const check = parseRule(name, this.#rules[name] ?? '', (kind, match) => this.#atom(name, kind, match));
    this.#underWay.delete(name);
    this.#checks.set(name, check);
    return check;
  }

  #missing(name: string, askedBy: string): Check {
    if (name !== this.#defaultRule && Object.hasOwn(this.#rules, this.#defaultRule)) {
      return this.#rule(this.#defaultRule, askedBy);
    }
    if (name === ADMIN_RULE) return NEVER;
    const meant = meantWord(name, Object.keys(this.#rules), MAX_SLIP);
    const advice = meant === undefined ? '' : `; did you mean "rule:${meant}"?`;
    throw policyError(askedBy, `there is no rule "${name}"${advice}`);
  }

  #atom(rule: string, kind: string, match: string): Check {
    if (kind === 'rule') return this.#rule(match, rule);
    if (kind === 'is_admin') {
      const admin = this.#rule(ADMIN_RULE, rule);
      return (target, credentials) => match === (admin(target, credentials) ? 'True' : 'False');
    }
    if (kind === 'http' || kind === 'https') {
      throw policyError(rule, 'checks by HTTP are not made: say it with roles, projects and users');
    }
    return this.#comparison(rule, kind, match);
  }

  /** Roles compare without case, as in oslo.policy; an unset value equals nothing. */
  #comparison(rule: string, kind: string, match: string): Check {
    const template = readTemplate(match);
    if (template === undefined) throw policyError(rule, `"%" in "${match}" begins no %(name)s`);
    if (kind === 'role') {
      return (target, { roles }) => {
        const role = template(target)?.toLowerCase();
        return roles.some((held) => held.toLowerCase() === role);
      };
    }
    const literal = LITERAL.exec(kind)?.groups;
    if (literal !== undefined) {
      const text = literal.word ?? literal.single ?? literal.double;
      return (target) => template(target) === text;
    }
    if (kind === 'roles') return (target, { roles }) => roles.includes(template(target) ?? '');
    if (!isCredential(kind)) {
      this.#warnings.push(unknownCredential(rule, kind));
      return NEVER;
    }
    return (target, { known }) => known[kind] !== undefined && known[kind] === template(target);
  }
}

function isCredential(kind: string): kind is (typeof CREDENTIALS)[number] {
  return (CREDENTIALS as readonly string[]).includes(kind);
}

function unknownCredential(rule: string, kind: string): string {
  const meant = meantWord(kind, ['role', 'roles', 'rule', 'is_admin', ...CREDENTIALS], MAX_SLIP);
  const advice = meant === undefined ? '' : `; did you mean "${meant}"?`;
  return `Policy rule "${rule}": nothing called "${kind}" is known of a caller, so the check refuses${advice}`;
}
