import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.schema.alterTable('clusters', (table) => {
    table.integer('account_generation').notNullable().defaultTo(0);
  });
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.alterTable('clusters', (table) => {
    table.dropColumn('account_generation');
  });
}
