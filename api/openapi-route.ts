import { z } from 'zod';
import { type OpenApiDocument, openApiDocument } from './openapi.js';
import type { AnyRoute, PublicRoute } from './route.js';

const answer = z
  .object({ openapi: z.literal('3.1.0'), paths: z.record(z.string(), z.unknown()) })
  .catchall(z.unknown());

/** The document of all routes of a table that it is in itself. Made when it is asked for first. */
export function openApiRoute(routes: () => readonly AnyRoute[]): PublicRoute {
  let made: OpenApiDocument | undefined;
  return {
    method: 'GET',
    path: '/v1/openapi.json',
    isPublic: true,
    answers: { 200: answer },
    async run({ config }) {
      made ??= openApiDocument(routes(), config.api.highestMicroversion);
      return { status: 200, body: made };
    },
  };
}
