import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable('operations', (table) => {
    table.bigIncrements('id');
    table.string('uuid', 36).notNullable().unique();
    table.string('cluster_id', 36).notNullable().index();
    table.string('project_id').notNullable().index();
    table.string('user_id').notNullable();
    table.string('request_id', 64);
    table.string('kind', 32).notNullable();
    table.string('status', 16).notNullable();
    table.string('phase', 32);
    table.integer('attempt').notNullable();
    table.text('params', 'longtext').notNullable();
    table.text('progress', 'longtext').notNullable();
    table.text('reason');
    table.string('open_key', 36).unique();
    table.bigInteger('due_at');
    table.bigInteger('deadline_at').notNullable();
    table.bigInteger('blocked_at');
    table.bigInteger('created_at').notNullable();
    table.bigInteger('started_at');
    table.bigInteger('updated_at');
    table.bigInteger('finished_at').index();
    table.index(['status', 'due_at']);
  });
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('operations');
}
