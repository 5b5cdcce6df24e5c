import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable('certificates', (table) => {
    table.bigIncrements('id');
    table.string('uuid', 36).notNullable().unique();
    table.string('owner', 36).notNullable().index();
    table.string('kind', 16).notNullable();
    table.string('name', 64).notNullable();
    table.string('ca_key', 128).unique();
    table.string('node_id', 36);
    table.string('serial', 64).notNullable();
    table.text('subject').notNullable();
    table.text('pem').notNullable();
    table.bigInteger('not_after').notNullable().index();
    table.bigInteger('created_at').notNullable();
  });
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('certificates');
}
