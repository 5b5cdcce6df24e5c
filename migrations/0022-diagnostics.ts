import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable('diagnostics', (table) => {
    compareBytes(knex, table);
    table.bigIncrements('id');
    table.string('uuid', 36).notNullable().unique();
    table.string('cluster_id', 36).notNullable().index();
    table.string('project_id', 64).notNullable();
    table.string('user_id', 64);
    table.string('operation_id', 36);
    table.string('cause', 16).notNullable();
    table.string('state', 16).notNullable();
    table.string('open_key', 36).unique();
    table.text('wanted', 'longtext').notNullable();
    table.text('findings', 'longtext').notNullable();
    table.bigInteger('due_at');
    table.bigInteger('claimed_until');
    table.integer('fence').notNullable().defaultTo(0);
    table.bigInteger('deadline_at').notNullable();
    table.integer('size_bytes');
    table.string('sha256', 64);
    table.bigInteger('created_at').notNullable();
    table.bigInteger('finished_at');
    table.bigInteger('expires_at').index();
  });
  await knex.schema.createTable('diagnostic_pieces', (table) => {
    compareBytes(knex, table);
    table.bigIncrements('id');
    table.string('diagnostic_id', 36).notNullable();
    table.string('source', 36).notNullable();
    table.integer('number').notNullable();
    table.text('sealed', 'longtext').notNullable();
    table.unique(['diagnostic_id', 'source', 'number']);
  });
}

/** Texts are told apart byte by byte, as in every table. */
function compareBytes(knex: Knex, table: Knex.CreateTableBuilder): void {
  if (knex.client.config.client !== 'mysql2') return;
  table.charset('utf8mb4');
  table.collate('utf8mb4_nopad_bin');
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('diagnostic_pieces');
  await knex.schema.dropTable('diagnostics');
}
