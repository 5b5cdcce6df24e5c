import pino from 'pino';
import { currentContext } from './request-context.js';

export type Log = pino.Logger;

/** Where secrets may stand in what is logged; pino replaces them. */
const REDACTED = [
  'password',
  'token',
  'secret',
  'privateKey',
  '*.password',
  '*.token',
  '*.secret',
  '*.privateKey',
  'headers["x-auth-token"]',
  'headers["x-subject-token"]',
  'headers.authorization',
  '*.headers["x-auth-token"]',
  '*.headers["x-subject-token"]',
];

export interface LogOptions {
  level: pino.LevelWithSilent;
  /** Written to instead of standard output. */
  destination?: pino.DestinationStream;
}

/** JSON lines; the message is a fixed sentence, variables are keys, the request's context is on every line. */
export function createLog(options: LogOptions): Log {
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      mixin: () => ({ ...currentContext() }),
      redact: { paths: REDACTED, censor: '***' },
    },
    // Written at once: the last words of a process that was killed are there. And sonic-boom 4, left with lines at
    // an exit whose reader is gone, tries again for ever.
    options.destination ?? pino.destination({ dest: 1, sync: true }),
  );
}

export const silentLog: Log = pino({ level: 'silent' });
