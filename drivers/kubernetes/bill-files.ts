import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { errorText, ServiceError } from '../../common/errors.js';
import { templatePath } from '../../common/package-root.js';
import { parseYaml } from '../yaml.js';
import { type Bill, billSchema, compareVersions } from './bill.js';

const BILL = /^(v\d+\.\d+\.\d+)\.yaml$/;

/** Ours first; what the operator's folder (`[kubernetes] bills_path`) says of a version goes over it. */
export function billFolders(billsPath: string | undefined): string[] {
  return [templatePath('kubernetes', 'versions'), ...(billsPath === undefined ? [] : [billsPath])];
}

/**
 * The bills of all folders, oldest version first. A version has one: the last folder's. A folder that is missing has none.
 * @throws ServiceError `invalid` that names the file.
 */
export function loadBills(folders: readonly string[]): Bill[] {
  const bills = new Map<string, Bill>();
  for (const folder of folders.filter(existsSync)) {
    for (const name of readdirSync(folder)) {
      const version = BILL.exec(name)?.[1];
      if (version !== undefined) bills.set(version, readBill(join(folder, name), version));
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
