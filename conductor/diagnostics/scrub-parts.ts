import { setImmediate } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { errorText } from '../../common/errors.js';
import { scrubLog } from '../../common/scrub.js';

/** A node's part, unpacked; `collect.sh` stays below. What is larger was made to be. */
const MAX_TEXT_BYTES = 2 * 1024 * 1024;
/** Scrubbed in one go: it takes a quarter of a second at worst, and others have their turn in between. */
const BLOCK_CHARACTERS = 65_536;
const MASK = '***';

/**
 * A part as it may be shown: unpacked, without secrets and control characters.
 * @throws Error when it is no gzip, or unpacks to more than it may.
 */
export async function scrubPart(gzipped: Buffer, secrets: readonly string[]): Promise<string> {
  let text = unpack(gzipped).toString('utf8');
  for (const secret of secrets) text = text.replaceAll(secret, MASK);
  const blocks: string[] = [];
  for (const block of blocksOf(text)) {
    blocks.push(scrubLog(block, Number.POSITIVE_INFINITY));
    await setImmediate();
  }
  return `${blocks.join('\n')}\n`;
}

function unpack(gzipped: Buffer): Buffer {
  try {
    return gunzipSync(gzipped, { maxOutputLength: MAX_TEXT_BYTES });
  } catch (cause) {
    throw new Error(`what it sent can't be unpacked: ${errorText(cause)}`, { cause });
  }
}

/** In whole lines of bearable length: a private key that lies across two blocks is known by its first or last line. */
function* blocksOf(text: string): Generator<string> {
  for (let start = 0; start < text.length; ) {
    const lineEnd = text.indexOf('\n', start + BLOCK_CHARACTERS);
    const end = Math.min(lineEnd < 0 ? text.length : lineEnd + 1, start + 2 * BLOCK_CHARACTERS);
    yield text.slice(start, end);
    start = end;
  }
}
