import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { templatePath } from '../../common/package-root.js';

const DOCUMENT = {
  text: 'ä "quoted" \\ $(touch hacked)\nsecond line',
  yes: true,
  no: false,
  count: 2376,
  nothing: null,
  list: [{ name: 'a' }, { name: 'b' }, 'c'],
  object: { deep: [1, 'x'] },
  rows: [
    { name: 'a|b\nc', tags: ['x', 'y'], size: 7 },
    { name: 'd', missing: null },
  ],
};

/** Nodes have python3 or jq: what scripts see must be the same. */
describe.each(['python3', 'jq'])('JSON in node scripts with %s', (program) => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'bayou-json-'));
    writeFileSync(join(folder, 'document'), JSON.stringify(DOCUMENT));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function run(name: string, ...args: string[]): string {
    const script = `source ${templatePath('common', `json-${program}.sh`)}; "$@"`;
    return execFileSync('bash', ['-c', script, 'bash', name, ...args], { cwd: folder, encoding: 'utf8' });
  }

  it('has the fields of each object of a list in a line', () => {
    expect(run('json_rows', 'document', 'rows', '--', 'name', 'missing', 'tags', 'size')).toBe('a b c||x,y|7\nd|||\n');
    expect(run('json_rows', 'document', 'rows', 'deeper', '--', 'name')).toBe('');
    expect(run('json_rows', 'document', 'text', '--', 'name')).toBe('');
  });

  it('has every value in a line', () => {
    const lines = run('json_flat', 'document').split('\n');

    expect(lines).toContain('list * name\ta');
    expect(lines).toContain('list * name\tb');
    expect(lines).toContain('yes\ttrue');
    expect(lines).toContain('object deep *\t1');
    expect(lines).toContain(`text\t${DOCUMENT.text.replace('\n', '\x1e')}`);
    expect(lines.filter((line) => line.startsWith('nothing'))).toEqual([]);
    expect(lines.filter((line) => line.startsWith('object deep\t'))).toHaveLength(1);
  });

  it.each([
    [['text'], `${DOCUMENT.text}\n`],
    [['yes'], 'true\n'],
    [['no'], 'false\n'],
    [['count'], '2376\n'],
    [['nothing'], ''],
    [['missing', 'deeper'], ''],
    [['text', 'deeper'], ''],
    [['list', '*', 'name'], 'a\nb\n'],
    [['object', '*'], ''],
    [['object', 'deep', '*'], '1\nx\n'],
  ])('reads %j', (keys, expected) => {
    expect(run('json_value', 'document', ...keys)).toBe(expected);
  });

  it('writes objects and lists with any text in them', () => {
    writeFileSync(join(folder, 'tail'), 'end of a log\n\n');

    const object = run('json_object', `text=${DOCUMENT.text}`, 'storage-driver:={"a":[1]}', 'log_tail@=tail', 'none=');

    expect(JSON.parse(object)).toEqual({
      text: DOCUMENT.text,
      'storage-driver': { a: [1] },
      log_tail: 'end of a log',
      none: '',
    });
    expect(JSON.parse(run('json_list', 'a=b', '', '--x', DOCUMENT.text))).toEqual(['a=b', '', '--x', DOCUMENT.text]);
  });
});
