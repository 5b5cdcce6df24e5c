import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.schema.alterTable('clusters', (table) => {
    table.string('account_kind', 16).notNullable().defaultTo('user');
    table.string('trust_id');
  });
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.alterTable('clusters', (table) => {
    table.dropColumn('account_kind');
    table.dropColumn('trust_id');
  });
}
