import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { packageVersion } from '../../common/package-root.js';

const PROGRAM = resolve(__dirname, '../../dist/cli/main.js');
const LIMIT_MS = 30_000;

function bayou(...words: string[]) {
  const options = { env: { PATH: process.env.PATH }, timeout: LIMIT_MS, encoding: 'utf8' } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, ...words], options);
  return { status, stdout, stderr };
}

describe('the program', () => {
  it('says its version', () => {
    expect(bayou('--version')).toEqual({ status: 0, stdout: `${packageVersion()}\n`, stderr: '' });
  });

  it.each([
    [['--verbose'], /^bayou: Unknown option '--verbose'/],
    [['all', '--config-file'], /^bayou: Option '--config-file <value>' argument missing/],
    [['constructor'], /^There is no command "constructor"\.$/m],
    [[], /^No command given\.$/m],
  ])('answers %j with what is wrong and how it is used', (words, problem) => {
    const { status, stdout, stderr } = bayou(...words);

    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(problem);
    expect(stderr).toContain('Usage: bayou COMMAND');
    expect(stderr).not.toMatch(/^ +at /m);
  });
});
