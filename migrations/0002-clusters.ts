import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable('clusters', (table) => {
    table.bigIncrements('id');
    table.string('uuid', 36).notNullable().unique();
    table.string('project_id').notNullable().index();
    table.string('user_id').notNullable();
    table.string('name').notNullable().index();
    table.string('cluster_template_id', 36).notNullable().index();
    table.string('coe', 32).notNullable();
    table.string('driver', 64).notNullable();
    table.string('keypair');
    table.text('ssh_public_key');
    table.integer('docker_volume_size');
    table.text('labels', 'longtext').notNullable();
    table.string('flavor_id');
    table.string('master_flavor_id');
    table.string('fixed_network');
    table.string('fixed_subnet');
    table.boolean('floating_ip_enabled').notNullable();
    table.boolean('master_lb_enabled').notNullable();
    table.integer('create_timeout');
    table.string('discovery_url');
    table.text('account_roles').notNullable();
    table.string('account_user_id');
    table.string('status', 32).notNullable().index();
    table.text('status_reason');
    table.text('reason');
    table.text('faults', 'longtext').notNullable();
    table.string('health_status', 16);
    table.text('health_status_reason', 'longtext').notNullable();
    table.string('api_address');
    table.string('coe_version');
    table.string('container_version');
    table.string('stack_id');
    table.integer('version').notNullable();
    table.string('lease_owner', 64);
    table.bigInteger('lease_expires_at');
    table.bigInteger('fence').notNullable();
    table.bigInteger('lease_writes').notNullable();
    table.bigInteger('created_at').notNullable();
    table.bigInteger('updated_at');
  });
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('clusters');
}
