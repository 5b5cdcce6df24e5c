import { readFileSync } from 'node:fs';
import { templatePath } from '../common/package-root.js';
import type { HotTemplate } from './driver.js';
import { parseYaml } from './yaml.js';

/** Reads a HOT file under `templates/`. It is sent to Heat as JSON, so YAML's dialects do not matter. */
export function loadHot(name: string): HotTemplate {
  const template = parsed.get(name) ?? parseHot(name);
  parsed.set(name, template);
  return structuredClone({ ...template, resources: template.resources ?? {} });
}

/** Every look at a stack in progress plans it again, and to parse is the longest part of that. */
const parsed = new Map<string, HotTemplate>();

function parseHot(name: string): HotTemplate {
  return parseYaml(readFileSync(templatePath(name), 'utf8')) as HotTemplate;
}

/** Lays templates over each other; a name that two of them define is a fault of ours. */
export function mergeHot(description: string, ...parts: HotTemplate[]): HotTemplate {
  const merged: Required<HotTemplate> = {
    heat_template_version: '2018-08-31',
    description,
    parameters: {},
    resources: {},
    outputs: {},
  };
  for (const part of parts) {
    for (const section of ['parameters', 'resources', 'outputs'] as const) {
      for (const [name, value] of Object.entries(part[section] ?? {})) {
        if (name in merged[section]) throw new Error(`Two templates define ${section}.${name}`);
        Object.assign(merged[section], { [name]: value });
      }
    }
  }
  return merged;
}
