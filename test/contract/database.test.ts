import { DATABASE_KINDS } from '../support/test-database.js';
import { describeDatabase } from './database.contract.js';

for (const kind of DATABASE_KINDS) describeDatabase(kind);
