import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface LockedPackage {
  optionalDependencies?: Record<string, string>;
  resolved?: string;
}

const { packages } = JSON.parse(readFileSync(join(__dirname, '../package-lock.json'), 'utf8')) as {
  packages: Record<string, LockedPackage>;
};

describe('the lock file', () => {
  it('names the optional packages of every platform, without which npm ci refuses it', () => {
    const wanted = Object.values(packages).flatMap((locked) => Object.keys(locked.optionalDependencies ?? {}));
    const paths = Object.keys(packages);

    const missing = wanted.filter((name) => !paths.some((path) => path.endsWith(`node_modules/${name}`)));

    expect(missing).toEqual([]);
  });

  it('names no registry', () => {
    expect(Object.entries(packages).filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
  });
});
