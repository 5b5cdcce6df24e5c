import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable('secrets', (table) => {
    table.bigIncrements('id');
    table.string('owner', 36).notNullable();
    table.string('name', 64).notNullable();
    table.text('sealed', 'longtext');
    table.text('readable_by').notNullable();
    table.text('writable_by').notNullable();
    table.bigInteger('created_at').notNullable();
    table.bigInteger('updated_at');
    table.unique(['owner', 'name']);
  });
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('secrets');
}
