import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable('events', (table) => {
    table.bigIncrements('id');
    table.string('uuid', 36).notNullable().unique();
    table.string('cluster_id', 36).notNullable().index();
    table.string('project_id').notNullable();
    table.string('operation_id', 36);
    table.string('actor', 255).notNullable();
    table.string('kind', 64).notNullable();
    table.text('message').notNullable();
    table.text('details', 'longtext').notNullable();
    table.bigInteger('created_at').notNullable().index();
  });
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('events');
}
