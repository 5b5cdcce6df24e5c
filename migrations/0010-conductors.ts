import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable('conductors', (table) => {
    table.bigIncrements('id');
    table.string('host').notNullable();
    table.string('binary', 64).notNullable();
    table.boolean('disabled').notNullable();
    table.string('disabled_reason');
    table.integer('report_count').notNullable();
    table.bigInteger('last_seen_up').notNullable();
    table.bigInteger('created_at').notNullable();
    table.bigInteger('updated_at');
    table.unique(['host', 'binary']);
  });
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('conductors');
}
