import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable('node_groups', (table) => {
    table.bigIncrements('id');
    table.string('uuid', 36).notNullable().unique();
    table.string('cluster_id', 36).notNullable();
    table.string('project_id').notNullable().index();
    table.string('name').notNullable();
    table.string('role').notNullable();
    table.boolean('is_default').notNullable();
    table.integer('node_count').notNullable();
    table.integer('min_node_count').notNullable();
    table.integer('max_node_count');
    table.integer('next_ordinal').notNullable();
    table.string('flavor_id');
    table.string('image_id');
    table.integer('docker_volume_size');
    table.text('labels', 'longtext').notNullable();
    table.text('node_labels', 'longtext').notNullable();
    table.text('node_taints', 'longtext').notNullable();
    table.string('status', 32);
    table.text('status_reason');
    table.string('stack_id');
    table.string('version', 20);
    table.bigInteger('created_at').notNullable();
    table.bigInteger('updated_at');
    table.unique(['cluster_id', 'name']);
  });
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('node_groups');
}
