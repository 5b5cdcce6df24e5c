import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable('node_tasks', (table) => {
    table.bigIncrements('id');
    table.string('uuid', 36).notNullable().unique();
    table.string('cluster_id', 36).notNullable().index();
    table.string('operation_id', 36);
    table.string('node_id', 36).notNullable().index();
    table.string('task_key', 160).notNullable().unique();
    table.string('name', 64).notNullable();
    table.text('params', 'longtext').notNullable();
    table.string('state', 16).notNullable();
    table.text('output').notNullable();
    table.bigInteger('created_at').notNullable();
    table.bigInteger('finished_at');
  });
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('node_tasks');
}
