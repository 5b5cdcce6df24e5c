import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ServiceError } from '../../common/errors.js';
import { templatePath } from '../../common/package-root.js';
import type { NodeScripts } from '../driver.js';

/** A file that a node gets with its user data. */
export interface NodeFile {
  /** Absolute, on the node. */
  path: string;
  /** Octal, such as `0755`. */
  mode: string;
  content: string;
}

/** Nova takes 65,535 bytes of user data in base64 (its API, `user_data`); some is left for node.json and ticket. */
const MAX_USER_DATA_BYTES = Math.floor((65_535 / 4) * 3) - 8192;

/** Folders of `templates/` whose files go to nodes, with their place there; `*` is the orchestrator. */
const FOLDERS: { from: string[]; ending: string; to: string; mode: string }[] = [
  { from: ['common'], ending: '.sh', to: '/opt/bayou', mode: '0755' },
  { from: ['common'], ending: '.service', to: '/etc/systemd/system', mode: '0644' },
  { from: ['common', 'steps'], ending: '.sh', to: '/opt/bayou/steps', mode: '0755' },
  { from: ['common', 'tasks'], ending: '.sh', to: '/opt/bayou/tasks', mode: '0755' },
  { from: ['*'], ending: '.sh', to: '/opt/bayou', mode: '0755' },
  { from: ['*'], ending: '.py', to: '/opt/bayou', mode: '0755' },
  { from: ['*', 'steps'], ending: '.sh', to: '/opt/bayou/steps', mode: '0755' },
  { from: ['*', 'tasks'], ending: '.sh', to: '/opt/bayou/tasks', mode: '0755' },
];

/** @throws ServiceError `internal` when Nova would refuse it. */
export function ofBearableSize(userData: string): string {
  const bytes = Buffer.byteLength(userData);
  if (bytes <= MAX_USER_DATA_BYTES) return userData;
  throw new ServiceError('internal', `User data has ${bytes} bytes, more than ${MAX_USER_DATA_BYTES}`);
}

/** A line that is nothing but a comment: a quarter of what a node's scripts come to. They can be read in `templates/`. */
const COMMENT_LINE = /^[ \t]*#(?!!).*\n/gm;

/** The scripts of a node: those of every node, and the orchestrator's steps and tasks. Always in the same order. */
export function loadNodeFiles({ name, scriptsFolder = templatePath(name) }: NodeScripts): NodeFile[] {
  return FOLDERS.flatMap(({ from, ending, to, mode }) => {
    const [first = '', ...rest] = from;
    const folder = first === '*' ? join(scriptsFolder, ...rest) : templatePath(first, ...rest);
    // Not every driver has tasks.
    if (!existsSync(folder)) return [];
    return readdirSync(folder)
      .filter((name) => name.endsWith(ending))
      .sort()
      .map((name) => ({ path: `${to}/${name}`, mode, content: contentOf(`${folder}/${name}`) }));
  });
}

function contentOf(file: string): string {
  return readFileSync(file, 'utf8').replace(COMMENT_LINE, '');
}
