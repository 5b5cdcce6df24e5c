import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { errorText, ServiceError } from '../common/errors.js';
import { templatePath } from '../common/package-root.js';
import { BILLED, type Bill, type BilledOrchestrator, billSchema, compareVersions } from './bill.js';
import { parseYaml } from './yaml.js';

const ENDING = '.yaml';

/**
 * The bills of an orchestrator's versions, oldest first: ours, and over them those of the operator's folder (`bills_path` of its
 * section). A folder that is missing has none.
 * @throws ServiceError `invalid` that names the file.
 */
export function loadBills(orchestrator: BilledOrchestrator, billsPath?: string): Bill[] {
  const { version: pattern } = BILLED[orchestrator];
  const folders = [templatePath(orchestrator, 'versions'), ...(billsPath === undefined ? [] : [billsPath])];
  const bills = new Map<string, Bill>();
  for (const folder of folders.filter(existsSync)) {
    for (const name of readdirSync(folder)) {
      const version = basename(name, ENDING);
      if (name.endsWith(ENDING) && pattern.test(version)) bills.set(version, readBill(join(folder, name), version));
    }
  }
  return [...bills.values()].sort((a, b) => compareVersions(a.version, b.version));
}

function readBill(file: string, version: string): Bill {
  const bill = readYaml(file, billSchema);
  if (bill.version === version) return bill;
  throw new ServiceError('invalid', `${file}: it is the bill of ${bill.version}, which its name must say.`);
}

/** @throws ServiceError `invalid` that names the file. */
export function readYaml<T extends z.ZodType>(file: string, schema: T): z.output<T> {
  let content: unknown;
  try {
    content = parseYaml(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new ServiceError('invalid', `${file}: ${errorText(error)}`, { cause: error });
  }
  const parsed = schema.safeParse(content);
  if (parsed.success) return parsed.data;
  throw new ServiceError('invalid', `${file}: ${z.prettifyError(parsed.error)}`);
}
