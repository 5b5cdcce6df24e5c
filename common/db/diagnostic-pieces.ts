import type { Sealer } from '../sealing.js';
import type { Query } from './database.js';
import { Table } from './table.js';

/** What a node sent, or the bundle that was made of it all, in pieces of a size that every database takes. */
export interface DiagnosticPiece {
  id: number;
  diagnosticId: string;
  /** A node's uuid, or `bundle`. */
  source: string;
  /** From 0. */
  number: number;
  sealed: string;
}

export const diagnosticPieces = new Table<DiagnosticPiece>('diagnostic_pieces', {
  id: 'number',
  diagnosticId: 'text',
  source: 'text',
  number: 'number',
  sealed: 'text',
});

export const BUNDLE = 'bundle';

/** A node's task that collects: its script, and how the conductor and the node listener know it. */
export const COLLECT_TASK = 'collect-logs';

/** A node sends its part in at most so many pieces of at most so many bytes. */
export const MAX_NODE_PIECES = 5;
export const NODE_PIECE_BYTES = 40_960;
export const MAX_NODE_BYTES = MAX_NODE_PIECES * NODE_PIECE_BYTES;

const PIECE_BYTES = 262_144;

interface Whole {
  diagnosticId: string;
  source: string;
}

/** In the place of what is there. */
export async function putPiece(
  trx: Query,
  sealer: Sealer,
  piece: Whole & { number: number },
  bytes: Buffer,
): Promise<void> {
  const { number } = piece;
  await diagnosticPieces.delete(trx, { diagnosticId: piece.diagnosticId, source: piece.source, number });
  await diagnosticPieces.insert(trx, { ...piece, sealed: sealer.seal(purposeOf(piece, number), bytes) });
}

/** All of it, in the place of what is there. */
export async function putWhole(
  trx: Query,
  sealer: Sealer,
  { diagnosticId, source }: Whole,
  bytes: Buffer,
): Promise<void> {
  await diagnosticPieces.delete(trx, { diagnosticId, source });
  for (let number = 0; number * PIECE_BYTES < bytes.length; number++) {
    const part = bytes.subarray(number * PIECE_BYTES, (number + 1) * PIECE_BYTES);
    await putPiece(trx, sealer, { diagnosticId, source, number }, part);
  }
}

/** Empty when there is none. */
export async function readWhole(query: Query, sealer: Sealer, { diagnosticId, source }: Whole): Promise<Buffer> {
  const pieces = await diagnosticPieces.list(query, { diagnosticId, source }, 'number');
  return Buffer.concat(pieces.map((piece) => sealer.openBytes(purposeOf(piece, piece.number), piece.sealed)));
}

/** Of whom there is a first piece. */
export async function sourcesOf(query: Query, diagnosticId: string): Promise<string[]> {
  return diagnosticPieces.rows(query).where({ diagnostic_id: diagnosticId, number: 0 }).pluck('source');
}

function purposeOf({ diagnosticId, source }: Whole, number: number): string {
  return `${diagnosticId}/${source}/${number}`;
}
