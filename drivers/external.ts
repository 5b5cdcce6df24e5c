import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { ServiceError } from '../common/errors.js';
import { buildingBlocks } from './building-blocks.js';
import type { BayDriver } from './driver.js';

const functionSchema = z.custom<() => unknown>((value) => typeof value === 'function', 'expected a function');

/** What can be known of a driver before it is used; the rest is the contract's (`driver.ts`). */
const driverSchema = z.looseObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, 'expected a short word'),
  scriptsFolder: z.string().refine(isAbsolute, 'expected an absolute path'),
  serves: z.array(z.looseObject({ serverType: z.string(), os: z.string(), coe: z.string() })).min(1),
  labels: z.record(z.string(), z.looseObject({ type: z.string(), help: z.string() })),
  defaultNetworkDriver: z.string(),
  validate: functionSchema,
  validateResize: functionSchema,
  planInfrastructure: functionSchema,
  planNode: functionSchema,
  planVolumes: functionSchema,
  planNodeStack: functionSchema,
  accessUrl: functionSchema,
  health: functionSchema,
  tasks: z.looseObject({}),
});

/**
 * A driver that is no part of Bayou. Its module exports a function, which is handed the building blocks and returns the
 * driver.
 * @param module an absolute path, or the name of a package that is installed beside Bayou or in the working directory
 * @throws ServiceError `invalid` with the module's name and what is wrong with it
 */
export function loadExternalDriver(module: string): BayDriver {
  const where = `[drivers] external_drivers: ${module}`;
  let made: unknown;
  try {
    const exported: unknown = require(require.resolve(module, { paths: [process.cwd(), __dirname] }));
    if (typeof exported !== 'function') throw new Error('it exports no function');
    made = exported(buildingBlocks);
  } catch (cause) {
    throw new ServiceError(
      'invalid',
      `${where} can not be loaded: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
  const checked = driverSchema.safeParse(made);
  if (checked.success) return made as BayDriver;
  throw new ServiceError('invalid', `${where} is no driver: ${z.prettifyError(checked.error)}`);
}
