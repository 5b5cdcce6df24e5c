import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { templatePath } from '../../common/package-root.js';

const FOLDER = templatePath('common');

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

describe('JSON in node scripts', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'bayou-json-'));
    writeFileSync(join(folder, 'document'), JSON.stringify(DOCUMENT));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function run(program: string, ...command: string[]): string {
    const script = `source ${FOLDER}/json-${program}.sh; source ${FOLDER}/json-bash.sh; "$@"`;
    const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };
    return execFileSync('bash', ['-c', script, 'bash', ...command], { cwd: folder, encoding: 'utf8', env });
  }

  /** Nodes have python3 or jq: what scripts see must be the same. */
  describe.each(['python3', 'jq'])('with %s', (program) => {
    beforeAll(() => writeFileSync(join(folder, 'flat'), run(program, 'json_flat', 'document')));

    it('has the fields of each object of a list in a line', () => {
      const rows = (...args: string[]) => run(program, 'json_rows', 'document', ...args);

      expect(rows('rows', '--', 'name', 'missing', 'tags', 'size')).toBe('a b c||x,y|7\nd|||\n');
      expect(rows('rows', 'deeper', '--', 'name')).toBe('');
      expect(rows('text', '--', 'name')).toBe('');
    });

    it('has every value in a line', () => {
      const lines = readFileSync(join(folder, 'flat'), 'utf8').split('\n');

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
    ])('reads %j, from the document and from its lines', (keys, expected) => {
      expect(run(program, 'json_value', 'document', ...keys)).toBe(expected);
      expect(run(program, 'flat_value', 'flat', ...keys)).toBe(expected);
    });
  });

  it('writes objects and lists with any text in them', () => {
    writeFileSync(join(folder, 'tail'), Buffer.from('\xa4end of a \x1b[1mlog\x1b[0m\t\r\n\n', 'latin1'));
    const everything = Array.from({ length: 127 }, (_, code) => String.fromCharCode(code + 1)).join('');

    const fields = ['storage-driver:={"a":[1]}', 'log_tail@=tail', 'none='];
    const object = run('python3', 'json_object', `text=${DOCUMENT.text}`, ...fields, `characters=${everything}`);

    expect(JSON.parse(object)).toEqual({
      text: DOCUMENT.text,
      'storage-driver': { a: [1] },
      log_tail: '\ufffdend of a \x1b[1mlog\x1b[0m\t\r',
      none: '',
      characters: everything,
    });
    const list = ['a=b', '', '--x', '&', DOCUMENT.text];
    expect(JSON.parse(run('python3', 'json_list', ...list))).toEqual(list);
    expect(() => run('python3', 'json_object', 'Name=a')).toThrow('is no field of an object');
  });
});
