import { createHttpsSend, type Send } from '../../devstack/devcloud/player/https-send.js';
import type { FakeClock } from './fake-clock.js';

/** Every third message is lost, before or after it took effect. */
export function lossySend(clock: FakeClock, when: 'before' | 'after'): Send {
  const send = createHttpsSend(clock);
  let count = 0;
  return async (request) => {
    count += 1;
    const lost = count % 3 === 0;
    if (lost && when === 'before') throw new Error('lost');
    const answer = await send(request);
    if (lost) throw new Error('answer lost');
    return answer;
  };
}
