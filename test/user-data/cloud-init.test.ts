import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { readUserData } from '../../devstack/devcloud/player/user-data.js';
import { NODE_JSON_PLACEHOLDER, TICKET_PLACEHOLDER } from '../../drivers/node-stack.js';
import { renderUserData } from '../../drivers/user-data/cloud-init.js';
import { loadNodeFiles } from '../../drivers/user-data/files.js';

const files = loadNodeFiles({ name: 'swarm' });

/** The script part, unpacked. */
function scriptOf(userData: string): string {
  const encoded = userData.split('application/gzip')[1]?.split('\n\n')[1]?.split('\n--')[0] ?? '';
  return gunzipSync(Buffer.from(encoded, 'base64')).toString('utf8');
}

describe('user data for cloud-init', () => {
  test('is the same text each time and far below what Nova takes', () => {
    const userData = renderUserData({ files });

    expect(renderUserData({ files: loadNodeFiles({ name: 'swarm' }) })).toBe(userData);
    expect(Buffer.from(userData).toString('base64').length).toBeLessThan(32_768);
    expect([...userData].every((character) => character >= '\n' && character <= '~')).toBe(true);
  });

  test('has each placeholder once, outside of what is encoded', () => {
    const userData = renderUserData({ files });

    expect(userData.split(NODE_JSON_PLACEHOLDER)).toHaveLength(2);
    expect(userData.split(TICKET_PLACEHOLDER)).toHaveLength(2);
  });

  test('carries the scripts of every node and those of the orchestrator', () => {
    const paths = files.map(({ path }) => path);

    expect(paths).toEqual(
      expect.arrayContaining([
        '/opt/bayou/runner.sh',
        '/opt/bayou/health.sh',
        '/opt/bayou/steps/swarm-init.sh',
        '/opt/bayou/tasks/drain.sh',
        '/etc/systemd/system/bayou-node.service',
      ]),
    );
    expect(paths.filter((path) => path.endsWith('.yaml'))).toEqual([]);
  });

  test('puts every file in place byte by byte and starts the service', () => {
    const root = mkdtempSync(join(tmpdir(), 'bayou-unpack-'));
    try {
      const script = `systemctl() { echo "$*" >>"$BAYOU_ROOT/systemctl"; }\n${scriptOf(renderUserData({ files }))}`;
      execFileSync('bash', ['-s'], { input: script, env: { ...process.env, BAYOU_ROOT: root } });

      for (const { path, content, mode } of files) {
        expect(readFileSync(join(root, path), 'utf8')).toBe(content);
        expect(statSync(join(root, path)).mode & 0o777).toBe(Number.parseInt(mode, 8));
      }
      expect(readFileSync(join(root, 'systemctl'), 'utf8')).toContain('enable --now --no-block bayou-node.service');
      expect(existsSync(join(root, 'etc/bayou'))).toBe(false);
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });

  test('keeps values that look like anything else as they are', () => {
    const node = {
      version: 1,
      cluster: { id: 'c', name: '"; rm -rf / #\n%%BAYOU_TICKET%%' },
      node: { id: 'n', name: 'x', role: 'worker' },
      listener: { url: 'https://127.0.0.1:1', ca: '-----BEGIN CERTIFICATE-----\nx' },
      steps: [],
      heartbeat_seconds: 30,
      settings: {},
    };
    const filled = renderUserData({ files })
      .replace(NODE_JSON_PLACEHOLDER, Buffer.from(JSON.stringify(node)).toString('base64'))
      .replace(TICKET_PLACEHOLDER, 'a.b.c');

    expect(readUserData(filled)).toMatchObject({ node, ticket: 'a.b.c' });
  });

  test('that Nova would refuse is not rendered', () => {
    const noise = Array.from({ length: 60_000 }, (_, index) => Math.sin(index).toString(36)).join('');

    expect(() => renderUserData({ files: [{ path: '/x', mode: '0644', content: noise }] })).toThrow('more than');
  });

  test('of something else is no user data of a node', () => {
    expect(readUserData('#!/bin/bash\necho hello\n')).toBeUndefined();
    expect(readUserData('')).toBeUndefined();
  });
});
