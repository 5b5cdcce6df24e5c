import { startServers } from './servers.js';

/** `npx tsx test/servers/start.ts`: the three servers by themselves, until ctrl-C. */
async function main(): Promise<void> {
  const servers = await startServers();
  for (const [name, value] of Object.entries(servers.environment)) console.log(`export ${name}='${value}'`);
  console.log('# Ctrl-C stops them.');
  const hold = setInterval(() => {}, 3_600_000);
  const stop = () => {
    clearInterval(hold);
    void servers.stop();
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
