import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable('reenrolments', (table) => {
    byBytes(knex, table);
    table.bigIncrements('id');
    table.string('node_id', 36).notNullable().unique();
    table.string('cluster_id', 36).notNullable().index();
    table.string('state', 16).notNullable();
    table.bigInteger('asked_at');
    table.string('asked_key', 64).notNullable();
    table.bigInteger('allowed_at');
    table.text('refusal');
    table.bigInteger('check_at').notNullable().index();
    table.bigInteger('created_at').notNullable();
  });
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('reenrolments');
}

/** Texts are told apart byte by byte, as in every table. */
function byBytes(knex: Knex, table: Knex.CreateTableBuilder): void {
  if (knex.client.config.client !== 'mysql2') return;
  table.charset('utf8mb4');
  table.collate('utf8mb4_nopad_bin');
}
