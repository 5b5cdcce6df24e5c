import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable('federations', (table) => {
    byBytes(knex, table);
    table.bigIncrements('id');
    table.string('uuid', 36).notNullable().unique();
    table.string('project_id').notNullable().index();
    table.string('user_id').notNullable();
    table.string('name').notNullable().index();
    table.string('hostcluster_id', 36).notNullable();
    table.text('member_ids', 'longtext').notNullable();
    table.text('properties', 'longtext').notNullable();
    table.string('status', 32).notNullable();
    table.text('status_reason');
    table.bigInteger('created_at').notNullable();
    table.bigInteger('updated_at');
  });
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('federations');
}

/** Texts are told apart byte by byte, as in every table. */
function byBytes(knex: Knex, table: Knex.CreateTableBuilder): void {
  if (knex.client.config.client !== 'mysql2') return;
  table.charset('utf8mb4');
  table.collate('utf8mb4_nopad_bin');
}
