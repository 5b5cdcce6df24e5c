const VARIABLES = {
  mariadb: 'BAYOU_TEST_MARIADB_URL',
  rabbitmq: 'BAYOU_TEST_RABBITMQ_URL',
  redis: 'BAYOU_TEST_REDIS_URL',
} as const;

/** URL of a private server that `npm test` started. A suite without its server fails; nothing is skipped. */
export function testServerUrl(server: keyof typeof VARIABLES): string {
  const url = process.env[VARIABLES[server]];
  if (!url) {
    throw new Error(
      `${VARIABLES[server]} is not set: run "npm test -- <pattern>", or start test/servers/start.ts first`,
    );
  }
  return url;
}
