import { sampleConfig } from '../common/config/sample.js';
import { configSchema } from '../common/config/schema.js';
import { REASONS } from '../common/reasons.js';
import { makeDrivers } from '../drivers/registry.js';
import { localImports, repositoryFiles } from './support/source-tree.js';

/** Rules about the sources that lint does not know. Function length, file names and cycles are in biome.json. */

const files = repositoryFiles();
const sources = files.filter(({ path }) => path.endsWith('.ts'));
const product = sources.filter(({ path }) => !/^(test|bench)\//.test(path));
const documentation = files.filter(({ path }) => path.endsWith('.md'));

/** Files beyond 400 lines, each with the reason why it is not two. */
const LONG_FILES: Record<string, string> = {};

/** Folder → what it may import besides itself and npm packages, and why no more. */
const IMPORTS: Record<string, { may: RegExp; because: string }> = {
  api: { may: /^(openstack|common)\//, because: 'the API only writes intent; what it needs of others it declares' },
  conductor: {
    may: /^(drivers\/(driver|registry)\.ts$|openstack\/|common\/)/,
    because: 'a driver can be replaced without the conductor',
  },
  drivers: { may: /^common\//, because: 'drivers are data and pure functions; the conductor acts' },
  openstack: { may: /^common\//, because: 'clients know the cloud, not what Bayou does with it' },
  common: { may: /^$/, because: 'what everybody imports must not import anybody' },
  migrations: { may: /^$/, because: 'a migration must not change when the code does' },
  devstack: { may: /^common\//, because: 'the development cloud knows Bayou only through HTTP' },
  cli: { may: /^/, because: 'the one place that builds everything' },
  test: { may: /^/, because: 'tests look everywhere' },
  bench: { may: /^/, because: 'measurements look everywhere' },
};

/** Calls that make a run depend on the machine, and the only files that may make them. */
const UNSTEADY = /\b(Date\.now|setTimeout|setInterval|Math\.random|randomUUID)\(/;
const MAY_BE_UNSTEADY: Record<string, string> = {
  'common/clock.ts': 'it is the clock',
  'common/ids.ts': 'it is the source of ids',
};

/** Variables of the machine, and words that only look like ours: the end of a here-document. */
const NOT_OUR_VARIABLES = new Set(['PATH', 'HOME']);

describe('the sources', () => {
  it('have no file beyond 600 lines, and beyond 400 only with a reason', () => {
    const lengths = sources.map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }));
    const long = lengths.filter(({ lines }) => lines > 400);

    expect(long.filter(({ path, lines }) => lines > 600 || LONG_FILES[path] === undefined)).toEqual([]);
    expect(Object.keys(LONG_FILES).filter((path) => !long.some((file) => file.path === path))).toEqual([]);
  });

  it('import only downward', () => {
    const wrong = sources.flatMap((file) => {
      const folder = file.path.split('/')[0] ?? '';
      const rule = IMPORTS[folder];
      if (rule === undefined) return [`${file.path}: no rule for its folder`];
      return localImports(file)
        .filter((target) => !target.startsWith(`${folder}/`) && !rule.may.test(target))
        .map((target) => `${file.path} imports ${target}, but ${rule.because}`);
    });

    expect(wrong).toEqual([]);
  });

  it('keep the drivers apart from each other', () => {
    const wrong = sources
      .filter(({ path }) => /^drivers\/[^/]+\//.test(path))
      .flatMap((file) => {
        const own = file.path.split('/').slice(0, 2).join('/');
        return localImports(file)
          .filter((target) => /^drivers\/[^/]+\//.test(target) && !target.startsWith(`${own}/`))
          .map((target) => `${file.path} imports ${target}`);
      });

    expect(wrong).toEqual([]);
  });

  it('register exactly the drivers that have a folder', () => {
    const folders = sources.flatMap(({ path }) => /^drivers\/([^/]+)\/driver\.ts$/.exec(path)?.[1] ?? []);

    expect(Object.keys(makeDrivers()).sort()).toEqual(folders.sort());
  });

  it('have no drawers: no file is named utils, helpers, types or index', () => {
    const drawers = sources.filter(({ path }) => /(^|\/)(utils?|helpers?|types|index)\.ts$/.test(path));

    expect(drawers.map(({ path }) => path)).toEqual([]);
  });

  it('leave nothing to do without an owner, as in TODO(name)', () => {
    const marks = /\b(TODO|FIXME|XXX)\b(?!\(\w)/;
    const wrong = files.filter(({ path, text }) => path !== 'test/style.test.ts' && marks.test(text));

    expect(wrong.map(({ path }) => path)).toEqual([]);
  });

  it('take time, timers and randomness only from common/clock.ts and common/ids.ts', () => {
    const unsteady = product.filter(({ text }) => UNSTEADY.test(text)).map(({ path }) => path);

    expect(unsteady.filter((path) => MAY_BE_UNSTEADY[path] === undefined)).toEqual([]);
    expect(Object.keys(MAY_BE_UNSTEADY).filter((path) => !unsteady.includes(path))).toEqual([]);
  });

  it('name no folder of the machine they were written on and no package registry', () => {
    const machinePath = /(^|[\s"'`(=:])\/(work|root|home)\//m;
    const pinnedRegistry = /"resolved": "http|^registry\s*=|_authToken/m;
    const wrong = files
      .filter(({ path }) => !path.startsWith('templates/') && path !== 'test/style.test.ts')
      .filter(({ text }) => machinePath.test(text) || pinnedRegistry.test(text));

    expect(wrong.map(({ path }) => path)).toEqual([]);
  });
});

describe('the documentation', () => {
  it('has a help text and a line in the sample for every setting', () => {
    const sample = sampleConfig();
    const wrong = Object.entries(configSchema.shape).flatMap(([section, schema]) =>
      Object.entries(schema.shape)
        .filter(([key, field]) => !field.description || !sample.includes(`\n# ${field.description}\n#${key} = `))
        .map(([key]) => `[${section}] ${key}`),
    );

    expect(wrong).toEqual([]);
  });

  it('describes every reason code in docs/errors.md', () => {
    const errors = documentation.find(({ path }) => path === 'docs/errors.md')?.text ?? '';

    expect(Object.keys(REASONS).filter((code) => !errors.includes(`\`${code}\``))).toEqual([]);
  });

  it('names every environment variable that is read', () => {
    const named = documentation.map(({ text }) => text).join('\n');
    const read = sources.flatMap(({ text }) => [
      ...[...text.matchAll(/process\.env(?:\.|\[')([A-Z][A-Z0-9_]*)/g)].map((match) => match[1] ?? ''),
      ...[...text.matchAll(/'(BAYOU_[A-Z0-9_]+)'/g)].map((match) => match[1] ?? ''),
    ]);
    // `BAYOU_<SECTION>__<KEY>` stands for settings, which the sample documents.
    const ours = new Set(read.filter((name) => !NOT_OUR_VARIABLES.has(name) && !name.includes('__')));

    expect([...ours].filter((name) => !named.includes(name)).sort()).toEqual([]);
  });
});
