/**
 * Makes a text from a node fit to be stored and shown: such a text is hostile until proven otherwise, and honest ones
 * print passwords. Every expression is bounded, so no text takes long.
 */

const MASK = '***';

const SECRETS: [pattern: RegExp, replacement: string][] = [
  [/\bSWMTKN-[A-Za-z0-9-]+/g, MASK],
  // JSON web tokens, such as enrolment tickets, and Keystone's Fernet tokens.
  [/\beyJ[A-Za-z0-9_-]{8,2048}\.[A-Za-z0-9_-]{8,4096}\.[A-Za-z0-9_-]{0,1024}/g, MASK],
  [/\bgAAAAA[A-Za-z0-9_=-]{20,}/g, MASK],
  // Kubernetes' bootstrap tokens.
  [/\b[a-z0-9]{6}\.[a-z0-9]{16}\b/g, MASK],
  // Hashes of passwords (crypt(5)).
  [/\$(?:1|2[abxy]|5|6|7|y|gy)\$[^\s:"']{8,256}/g, MASK],
  [/\b((?:authorization|(?:set-)?cookie)["']?: *)[^\n]+/gi, `$1${MASK}`],
  [/(\/\/[^\s/:@]{1,128}:)[^\s/@]{1,256}@/g, `$1${MASK}@`],
  // Docker's logins, client keys of kubeconfigs, signed URLs.
  [/("auth"\s{0,3}:\s{0,3})"[^"\n]*"/g, `$1"${MASK}"`],
  [
    /((?:password|passwd|passphrase|secret|token|api[_-]?key|private[_-]?key|key[_-]data|temp_url_sig|signature)["']?\s{0,3}[:=]\s{0,3})("[^"\n]*"|'[^'\n]*'|[^\s,;&"']+)/gi,
    `$1${MASK}`,
  ],
  // On command lines.
  [/(--?[a-z-]{0,32}(?:password|passwd|passphrase|secret|token) {1,3})("[^"\n]*"|'[^'\n]*'|[^\s-]\S*)/gi, `$1${MASK}`],
];

const ESCAPE = String.fromCharCode(27);
/** Of terminals: colours, cursor movements, titles. */
const ESCAPE_SEQUENCE = new RegExp(`${ESCAPE}(?:\\[[0-9;?]{0,32}[ -/]{0,4}[@-~]|[^\\[])`, 'g');
/** Control characters but line end and tab; and format characters, which turn the direction of text. */
const INVISIBLE = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** The last `maxBytes` (UTF-8) of a log, in whole lines where possible, without secrets and control characters. */
export function scrubLog(text: string, maxBytes: number): string {
  let clean = text.replace(/\r\n?/g, '\n').replace(ESCAPE_SEQUENCE, '').replace(INVISIBLE, '');
  clean = withoutPrivateKeys(clean);
  for (const [pattern, replacement] of SECRETS) clean = clean.replace(pattern, replacement);
  return lastBytes(clean.trimEnd(), maxBytes);
}

/** The last line that says something. */
export function lastLine(log: string): string {
  return log.trimEnd().split('\n').at(-1)?.trim() ?? '';
}

const KEY_BEGIN = /-----BEGIN [A-Z ]{0,32}PRIVATE KEY-----/;
const KEY_END = /-----END [A-Z ]{0,32}PRIVATE KEY-----/;
/** Also behind the time, host and program of a journal's line. */
const KEY_BODY = /^\s*(?:[^\n]{1,160}: )?(?:[A-Za-z0-9+/=]{4,}|[A-Za-z-]{1,32}: .*)?\s*$/;

/** Also those of which only the beginning or the end is in the text. */
function withoutPrivateKeys(text: string): string {
  if (!text.includes('PRIVATE KEY-----')) return text;
  const kept: string[] = [];
  let inKey = false;
  for (const line of text.split('\n')) {
    const begin = line.search(KEY_BEGIN);
    if (KEY_END.test(line)) {
      if (begin < 0 && !inKey) while (KEY_BODY.test(kept.at(-1) ?? '-')) kept.pop();
      if (!inKey || begin >= 0) kept.push(`${begin < 0 ? '' : line.slice(0, begin)}${MASK}`);
      inKey = false;
    } else if (begin >= 0) {
      kept.push(`${line.slice(0, begin)}${MASK}`);
      inKey = true;
    } else if (!inKey || !KEY_BODY.test(line)) {
      kept.push(line);
      inKey = false;
    }
  }
  return kept.join('\n');
}

function lastBytes(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length <= maxBytes) return text;
  let start = bytes.length - maxBytes;
  // Not in the middle of a character.
  while (((bytes[start] ?? 0) & 0xc0) === 0x80) start += 1;
  const tail = bytes.subarray(start).toString('utf8');
  const lineEnd = tail.indexOf('\n');
  return lineEnd < 0 ? tail : tail.slice(lineEnd + 1);
}
