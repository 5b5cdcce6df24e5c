import type { Knex } from 'knex';

/** Tables that hold texts. A table made later needs the same; the contract suite tells. */
const TABLES = [
  'cluster_templates',
  'clusters',
  'node_groups',
  'nodes',
  'operations',
  'events',
  'cloud_resources',
  'secrets',
  'certificates',
  'conductors',
  'node_tasks',
];

/**
 * MariaDB's default takes `Web` for `web`, `web ` for `web` and one emoji for another. Texts are told apart
 * byte by byte instead, as SQLite does it by itself.
 */
export async function up(knex: Knex): Promise<void> {
  await collate(knex, 'utf8mb4_nopad_bin');
}

export async function down(knex: Knex): Promise<void> {
  await collate(knex, 'utf8mb4_general_ci');
}

async function collate(knex: Knex, collation: string): Promise<void> {
  if (knex.client.config.client !== 'mysql2') return;
  for (const table of TABLES) {
    await knex.raw('ALTER TABLE ?? CONVERT TO CHARACTER SET utf8mb4 COLLATE ??', [table, collation]);
  }
}
