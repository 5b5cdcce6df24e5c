import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.schema.alterTable('clusters', (table) => {
    table.text('settled_labels');
  });
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.alterTable('clusters', (table) => {
    table.dropColumn('settled_labels');
  });
}
