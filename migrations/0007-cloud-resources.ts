import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable('cloud_resources', (table) => {
    table.bigIncrements('id');
    table.string('uuid', 36).notNullable().unique();
    table.string('cluster_id', 36).notNullable();
    table.string('project_id').notNullable();
    table.string('service', 32).notNullable();
    table.string('type', 32).notNullable();
    table.string('name').notNullable();
    table.string('cloud_id');
    table.string('state', 16).notNullable();
    table.text('details', 'longtext').notNullable();
    table.bigInteger('check_at').index();
    table.bigInteger('created_at').notNullable();
    table.bigInteger('updated_at');
    table.unique(['cluster_id', 'service', 'type', 'name']);
  });
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('cloud_resources');
}
