import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable('nodes', (table) => {
    table.bigIncrements('id');
    table.string('uuid', 36).notNullable().unique();
    table.string('cluster_id', 36).notNullable();
    table.string('project_id').notNullable();
    table.string('node_group_id', 36).notNullable().index();
    table.string('name', 64).notNullable();
    table.string('role', 32).notNullable();
    table.integer('ordinal').notNullable();
    table.string('state', 16).notNullable();
    table.text('node_data', 'longtext').notNullable();
    table.text('certificate_profiles', 'longtext').notNullable();
    table.bigInteger('ticket_expires_at');
    table.string('enrolled_key', 64);
    table.bigInteger('enrolled_at');
    table.text('ssh_host_key');
    table.string('server_id');
    table.text('addresses').notNullable();
    table.text('steps', 'longtext').notNullable();
    table.boolean('ready').notNullable();
    table.text('load').notNullable();
    table.text('orchestrator').notNullable();
    table.text('fault');
    table.bigInteger('last_seen');
    table.bigInteger('reported_at');
    table.bigInteger('created_at').notNullable();
    table.bigInteger('updated_at');
    table.unique(['cluster_id', 'name']);
    table.unique(['node_group_id', 'ordinal']);
  });
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('nodes');
}
