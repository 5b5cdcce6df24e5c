import { z } from 'zod';
import type { Problem } from '../driver.js';
import type { LabelDefinition } from '../label-definition.js';

type Labels = Readonly<Record<string, string>>;

/** As upstream's validator has them; Mesos calls them isolators. */
const ISOLATORS = [
  'filesystem/posix',
  'filesystem/linux',
  'filesystem/shared',
  'posix/cpu',
  'posix/mem',
  'posix/disk',
  'cgroups/cpu',
  'cgroups/mem',
  'docker/runtime',
  'namespaces/pid',
];
const IMAGE_PROVIDERS = ['docker', 'appc'];
const DOCKER_RUNTIME = 'docker/runtime';

/** By what follows `mesos_slave_` or, as Mesos says since 1.0, `mesos_agent_`. */
const OF_AGENTS = {
  isolation: {
    type: 'text',
    ofGroups: true,
    like: { pattern: listOf(ISOLATORS), words: `a list of ${ISOLATORS.join(', ')}` },
    help: "How agents keep tasks apart, as a list: Mesos' --isolation. Default: Mesos' own.",
  },
  image_providers: {
    type: 'text',
    ofGroups: true,
    like: { pattern: listOf(IMAGE_PROVIDERS), words: `a list of ${IMAGE_PROVIDERS.join(', ')}` },
    help: "Whose images Mesos' own containerizer takes, as a list; docker needs docker/runtime in the isolation. Default: none.",
  },
  work_dir: {
    type: 'text',
    ofGroups: true,
    like: { pattern: /^(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)+$/, words: 'an absolute path of plain names' },
    default: '/var/lib/mesos',
    help: 'Where agents keep what their tasks write. Default /var/lib/mesos.',
  },
  executor_env_variables: {
    type: 'text',
    ofGroups: true,
    help: 'Environment of every executor, as a JSON object of texts. Default: none.',
  },
} as const satisfies Readonly<Record<string, LabelDefinition>>;

type Name = keyof typeof OF_AGENTS;
const NAMES = Object.keys(OF_AGENTS) as Name[];

export const agentLabels: Readonly<Record<string, LabelDefinition>> = Object.fromEntries(
  NAMES.flatMap((name) => labelsFor(name).map((label) => [label, OF_AGENTS[name]])),
);

function labelsFor(name: Name): string[] {
  return [`mesos_slave_${name}`, `mesos_agent_${name}`];
}

function listOf(words: readonly string[]): RegExp {
  const word = words.join('|');
  return new RegExp(`^(${word})(,(${word}))*$`);
}

/** By either of its names. */
function labelOf(labels: Labels, name: Name): { label: string; value: string } | undefined {
  const label = labelsFor(name).find((candidate) => labels[candidate] !== undefined);
  return label === undefined ? undefined : { label, value: labels[label] ?? '' };
}

/** What mesos-agent is told; empty is its own default. What a group does not say is as in its cluster. */
export function agentSettings(group: Labels, cluster: Labels) {
  const value = (name: Name) => (labelOf(group, name) ?? labelOf(cluster, name))?.value ?? '';
  return {
    isolation: value('isolation'),
    image_providers: value('image_providers'),
    work_dir: value('work_dir') || OF_AGENTS.work_dir.default,
    executor_environment: value('executor_env_variables'),
  };
}

/** Beyond what the definitions say. */
export function agentProblems(labels: Labels): Problem[] {
  return [...twiceProblems(labels), ...providerProblems(labels), ...environmentProblems(labels)];
}

function twiceProblems(labels: Labels): Problem[] {
  return NAMES.flatMap((name) => {
    const [old = '', own = ''] = labelsFor(name);
    if (labels[old] === undefined || labels[own] === undefined || labels[old] === labels[own]) return [];
    return [{ field: `labels.${own}`, message: `${old} says the same with another value: leave one of them out` }];
  });
}

function providerProblems(labels: Labels): Problem[] {
  const providers = labelOf(labels, 'image_providers');
  if (providers === undefined) return [];
  const isolation = labelOf(labels, 'isolation')?.value.split(',') ?? [];
  if (!providers.value.split(',').includes('docker') || isolation.includes(DOCKER_RUNTIME)) return [];
  const message = `docker needs ${DOCKER_RUNTIME} in mesos_slave_isolation`;
  return [{ field: `labels.${providers.label}`, message }];
}

const environmentSchema = z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string());

function environmentProblems(labels: Labels): Problem[] {
  const environment = labelOf(labels, 'executor_env_variables');
  if (environment === undefined || environmentSchema.safeParse(parsed(environment.value)).success) return [];
  const message = `"${environment.value}" is not a JSON object of texts, such as {"PATH": "/usr/bin:/bin"}`;
  return [{ field: `labels.${environment.label}`, message }];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
