import { expect, test } from 'vitest';
import { createLogger, jsonLine, LEVELS, type LogRecord } from '../../src/output/logger.js';

test('a logger passes on what is at least as important as its level, which may change', () => {
  const records: LogRecord[] = [];
  const logger = createLogger('warn', (record) => records.push(record));
  for (const level of LEVELS) logger[level]({ is: level }, 'message');
  expect(records.map(({ level }) => level)).toEqual(['error', 'warn']);
  expect(logger.isLevelEnabled('info')).toBe(false);
  logger.level = 'info';
  for (const level of LEVELS) logger[level]('message');
  expect(records.slice(2)).toEqual(
    ['error', 'warn', 'info'].map((level) => ({ level, fields: {}, message: 'message' })),
  );
});

test('a message as JSON begins with level and time, and ends with the text', () => {
  const fields = { router: 'fc64::1', tun: null, since: undefined, text: 'a\n"b"' };
  const line = jsonLine({ level: 'info', fields, message: 'ready' }, new Date(0));
  expect(line).toBe(
    '{"level":"info","time":"1970-01-01T00:00:00.000Z","router":"fc64::1","tun":null,"text":"a\\n\\"b\\"","msg":"ready"}\n',
  );
});
