import { gunzipSync } from 'node:zlib';
import { z } from 'zod';

/** What a machine finds in its user data, read as cloud-init or Ignition would read it. */
export interface NodeUserData {
  node: NodeJson;
  ticket: string;
  /** Paths of the files that are put in place. */
  files: Set<string>;
}

export const nodeJsonSchema = z.object({
  version: z.literal(1),
  cluster: z.object({ id: z.string(), name: z.string() }),
  node: z.object({ id: z.string(), name: z.string(), role: z.string(), address: z.string().optional() }),
  listener: z.object({ url: z.string(), ca: z.string() }),
  steps: z.array(z.string()).max(64),
  heartbeat_seconds: z.number(),
  settings: z.record(z.string(), z.unknown()),
  /** Whether the machine took the place of one that was a node. */
  rebuilt: z.boolean().default(false),
});

export type NodeJson = z.output<typeof nodeJsonSchema>;

interface MimePart {
  type: string;
  body: Buffer;
}

const MAX_UNPACKED_BYTES = 4 * 1024 * 1024;

/** Undefined when it is not user data of Bayou's nodes; the server then just runs. */
export function readUserData(text: string): NodeUserData | undefined {
  if (text.startsWith('{')) return readIgnition(text);
  const parts = readMime(text).map(unpack);
  const config = parts.find(({ type }) => type === 'text/cloud-config');
  const script = parts.find(({ type }) => type === 'text/x-shellscript');
  if (config === undefined || script === undefined) return undefined;
  const written = writtenFiles(config.body.toString('utf8'));
  const nodeJson = written.get('/etc/bayou/node.json');
  const ticket = written.get('/etc/bayou/ticket');
  if (nodeJson === undefined || ticket === undefined) return undefined;
  return { node: nodeJsonSchema.parse(JSON.parse(nodeJson)), ticket, files: unpackedFiles(script.body) };
}

/** Paths of what the script puts in place. */
function unpackedFiles(script: Buffer): Set<string> {
  return new Set([...script.toString('utf8').matchAll(/^put (\/\S+) '/gm)].map((match) => match[1] ?? ''));
}

const ignitionSchema = z.object({
  ignition: z.object({ version: z.string() }),
  storage: z.object({ files: z.array(z.object({ path: z.string(), contents: z.object({ source: z.string() }) })) }),
});

function readIgnition(text: string): NodeUserData | undefined {
  const { data } = ignitionSchema.safeParse(JSON.parse(text));
  const sources = new Map(data?.storage.files.map(({ path, contents }) => [path, contents.source]));
  const [node, ticket] = ['/etc/bayou/node.json', '/etc/bayou/ticket'].map((path) => sources.get(path));
  if (node === undefined || ticket === undefined) return undefined;
  const script = readDataUrl(sources.get('/opt/bayou/unpack.sh') ?? '');
  return {
    node: nodeJsonSchema.parse(JSON.parse(readDataUrl(node).toString('utf8'))),
    ticket: readDataUrl(ticket).toString('utf8'),
    files: unpackedFiles(gunzipSync(script, { maxOutputLength: MAX_UNPACKED_BYTES })),
  };
}

/** RFC 2397, the two forms that are used here. */
function readDataUrl(url: string): Buffer {
  const [, kind, data = ''] = /^data:([^,]*),(.*)$/s.exec(url) ?? [];
  return kind === ';base64' ? Buffer.from(data, 'base64') : Buffer.from(decodeURIComponent(data), 'utf8');
}

/** RFC 2046, one level: what cloud-init is given here. */
function readMime(text: string): MimePart[] {
  const [head, content] = splitHead(text);
  const boundary = /boundary="([^"]+)"/.exec(head.get('content-type') ?? '')?.[1];
  if (boundary === undefined) return [];
  const pieces = content.split(`--${boundary}`).slice(1, -1);
  return pieces.map((piece) => {
    const [headers, body] = splitHead(piece.replace(/^\r?\n/, ''));
    const encoded = headers.get('content-transfer-encoding') === 'base64';
    return {
      type: (headers.get('content-type') ?? '').split(';')[0]?.trim() ?? '',
      body: encoded ? Buffer.from(body, 'base64') : Buffer.from(body, 'utf8'),
    };
  });
}

function splitHead(text: string): [Map<string, string>, string] {
  const [head = '', ...rest] = text.split(/\r?\n\r?\n/);
  const headers = head.split(/\r?\n/).map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  return [new Map(headers), rest.join('\n\n')];
}

/** What is gzipped is known by its first line only after unpacking. */
function unpack(part: MimePart): MimePart {
  if (part.type !== 'application/gzip') return part;
  const body = gunzipSync(part.body, { maxOutputLength: MAX_UNPACKED_BYTES });
  const type = body.subarray(0, 2).toString() === '#!' ? 'text/x-shellscript' : 'text/plain';
  return { type, body };
}

const cloudConfigSchema = z.object({
  write_files: z.array(z.object({ path: z.string(), encoding: z.string().optional(), content: z.string() })),
});

/** Ours is JSON below the first line. */
function writtenFiles(cloudConfig: string): Map<string, string> {
  const config = cloudConfigSchema.parse(JSON.parse(cloudConfig.replace(/^#cloud-config\n/, '')));
  return new Map(
    config.write_files.map(({ path, encoding, content }) => [
      path,
      encoding === 'b64' ? Buffer.from(content, 'base64').toString('utf8') : content,
    ]),
  );
}
