import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable('cluster_templates', (table) => {
    table.bigIncrements('id');
    table.string('uuid', 36).notNullable().unique();
    table.string('project_id').notNullable().index();
    table.string('user_id').notNullable();
    table.string('name').notNullable().index();
    table.string('coe', 32).notNullable();
    table.string('driver', 64).notNullable();
    table.string('image_id').notNullable();
    table.string('cluster_distro');
    table.string('server_type', 16).notNullable();
    table.string('flavor_id');
    table.string('master_flavor_id');
    table.string('keypair_id');
    table.string('external_network_id');
    table.string('fixed_network');
    table.string('fixed_subnet');
    table.string('dns_nameserver');
    table.string('network_driver');
    table.string('volume_driver');
    table.string('docker_storage_driver');
    table.integer('docker_volume_size');
    table.integer('apiserver_port');
    table.string('http_proxy');
    table.string('https_proxy');
    table.string('no_proxy');
    table.string('insecure_registry');
    table.string('tags');
    table.text('labels', 'longtext').notNullable();
    table.boolean('tls_disabled').notNullable();
    table.boolean('public').notNullable();
    table.boolean('hidden').notNullable();
    table.boolean('registry_enabled').notNullable();
    table.boolean('master_lb_enabled').notNullable();
    table.boolean('floating_ip_enabled').notNullable();
    table.bigInteger('created_at').notNullable();
    table.bigInteger('updated_at');
  });
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('cluster_templates');
}
