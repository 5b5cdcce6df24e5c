import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable('quotas', (table) => {
    byBytes(knex, table);
    table.bigIncrements('id');
    table.string('project_id').notNullable();
    table.string('resource', 64).notNullable();
    table.integer('hard_limit').notNullable();
    table.bigInteger('created_at').notNullable();
    table.bigInteger('updated_at');
    table.unique(['project_id', 'resource']);
  });
  await knex.schema.createTable('quota_locks', (table) => {
    byBytes(knex, table);
    table.bigIncrements('id');
    table.string('project_id').notNullable();
    table.string('resource', 64).notNullable();
    table.bigInteger('version').notNullable();
    table.unique(['project_id', 'resource']);
  });
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('quota_locks');
  await knex.schema.dropTable('quotas');
}

/** Texts are told apart byte by byte, as in every table. */
function byBytes(knex: Knex, table: Knex.CreateTableBuilder): void {
  if (knex.client.config.client !== 'mysql2') return;
  table.charset('utf8mb4');
  table.collate('utf8mb4_nopad_bin');
}
