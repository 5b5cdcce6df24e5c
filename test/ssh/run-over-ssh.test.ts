import { connect, createServer, type Server } from 'node:net';
import { createRunOverSsh, type SshCommand, type SshError } from '../../common/ssh/run-over-ssh.js';
import { newSshKey, sshPublicKey } from '../../common/ssh/ssh-key.js';
import { type PlayedSshHost, SshHosts } from '../support/ssh-hosts.js';

const MASTER = '172.24.4.5';
const WORKER = '10.0.0.7';
const PRIVATE_KEY = newSshKey();
const OUTPUT = Buffer.from([0, 1, 2, 254, 255]);

describe('a command over SSH', () => {
  let hosts: SshHosts;
  let master: PlayedSshHost;
  let worker: PlayedSshHost;
  beforeEach(async () => {
    hosts = new SshHosts();
    const authorizedKey = sshPublicKey(PRIVATE_KEY);
    worker = await hosts.add(WORKER, { authorizedKey, answer: () => ({ output: OUTPUT }) });
    master = await hosts.add(MASTER, {
      authorizedKey,
      answer(command, channel) {
        const [word, address = ''] = command.split(' ');
        return word === 'reach' ? hosts.relay(address, channel) : { output: 'cannot\n', status: 3 };
      },
    });
  });
  afterEach(() => hosts.stop());

  function run(changes: Partial<SshCommand> = {}): Promise<Buffer> {
    return createRunOverSsh({ dial: hosts.dial })({
      host: { address: WORKER, hostKey: worker.hostKey },
      user: 'diagnostics',
      privateKey: PRIVATE_KEY,
      command: 'collect',
      maxBytes: 1000,
      timeoutMs: 10_000,
      ...changes,
    });
  }

  async function problemOf(changes: Partial<SshCommand>): Promise<Pick<SshError, 'problem' | 'address' | 'message'>> {
    try {
      await run(changes);
    } catch (error) {
      const { problem, address, message } = error as SshError;
      return { problem, address, message };
    }
    throw new Error('It was expected to fail');
  }

  const through = (hostKey = master.hostKey) => ({ address: MASTER, hostKey, command: `reach ${WORKER}` });

  it('gives what it printed, byte for byte', async () => {
    expect(await run()).toEqual(OUTPUT);
    expect(worker.asked).toEqual(['collect']);
  });

  it('goes through another host, with the key of each', async () => {
    expect(await run({ through: through() })).toEqual(OUTPUT);
    expect([master.asked, worker.asked]).toEqual([[`reach ${WORKER}`], ['collect']]);
  });

  it('asks nothing of a host with another key than the known one', async () => {
    const other = sshPublicKey(newSshKey());

    expect(await problemOf({ host: { address: WORKER, hostKey: other } })).toEqual({
      problem: 'host_key',
      address: WORKER,
      message: `${WORKER} shows another host key than the one that it enrolled with`,
    });
    expect(worker.asked).toEqual([]);
  });

  it.each([
    ['', 'host_key'],
    ['no-such-type AAAA', 'host_key'],
    ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDtewVsMWwi7vhDu5XXma6qxbEhhfXW6dZhfTIBPNt+w', 'failed'],
  ])('asks nothing of a host that is known by none of its keys: %j', async (hostKey, problem) => {
    expect((await problemOf({ host: { address: WORKER, hostKey } })).problem).toBe(problem);
    expect(worker.asked).toEqual([]);
  });

  it('does not go on through a host with another key, nor to one behind it', async () => {
    const other = sshPublicKey(newSshKey());

    expect(await problemOf({ through: through(other) })).toMatchObject({ problem: 'host_key', address: MASTER });
    expect(master.asked).toEqual([]);
    const behind = await problemOf({ through: through(), host: { address: WORKER, hostKey: other } });
    expect(behind).toMatchObject({ problem: 'host_key', address: WORKER });
    expect(worker.asked).toEqual([]);
  });

  it('fails without a right to log in, with a status, where nobody listens', async () => {
    expect(await problemOf({ privateKey: newSshKey() })).toMatchObject({ problem: 'failed', address: WORKER });
    const failed = await problemOf({ host: { address: MASTER, hostKey: master.hostKey } });
    expect(failed).toMatchObject({ problem: 'failed', message: `${MASTER}: it ended with 3` });
    const nobody = await problemOf({ host: { address: '10.0.0.99', hostKey: worker.hostKey } });
    expect(nobody).toMatchObject({ problem: 'unreachable', address: '10.0.0.99' });
    const behind = await problemOf({ through: { ...through(), command: 'reach 10.0.0.99' } });
    expect(behind).toMatchObject({ problem: 'failed', address: WORKER });
  });

  it('takes no more bytes than it may', async () => {
    expect(await problemOf({ maxBytes: 4 })).toMatchObject({
      problem: 'too_large',
      message: `${WORKER} sent more than 4 bytes`,
    });
  });

  it('ends when the time is up, however little was said', async () => {
    const silent: Server = createServer((socket) => socket.resume());
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as { port: number };
    const open = createRunOverSsh({ dial: () => connect({ host: '127.0.0.1', port }) });

    const started = performance.now();
    await expect(
      open({
        host: { address: WORKER, hostKey: worker.hostKey },
        user: 'diagnostics',
        privateKey: PRIVATE_KEY,
        command: 'collect',
        maxBytes: 1000,
        timeoutMs: 200,
      }),
    ).rejects.toMatchObject({ problem: 'timeout', message: 'it did not answer within 0.2 s' });

    expect(performance.now() - started).toBeLessThan(5000);
    await new Promise((resolve) => silent.close(resolve));
  });
});
