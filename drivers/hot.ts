import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { templatePath } from '../common/package-root.js';
import type { HotTemplate } from './driver.js';

/** Reads a HOT file under `templates/`. It is sent to Heat as JSON, so YAML's dialects do not matter. */
export function loadHot(name: string): HotTemplate {
  const template = parse(readFileSync(templatePath(name), 'utf8')) as HotTemplate;
  return { ...template, resources: template.resources ?? {} };
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
