import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable('x509_key_pairs', (table) => {
    // Texts are told apart byte by byte, as in every table.
    if (knex.client.config.client === 'mysql2') {
      table.charset('utf8mb4');
      table.collate('utf8mb4_nopad_bin');
    }
    table.bigIncrements('id');
    table.string('uuid', 36).notNullable().unique();
    table.string('cluster_id', 36).notNullable().index();
    table.string('project_id', 64).notNullable();
    table.string('user_id', 64).notNullable().index();
    table.string('name', 255);
    table.text('ca_cert', 'longtext');
    table.text('certificate', 'longtext');
    table.text('private_key_sealed', 'longtext');
    table.bigInteger('created_at').notNullable();
    table.bigInteger('updated_at');
  });
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('x509_key_pairs');
}
