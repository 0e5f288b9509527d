/** As much of redis-parser, which has no types, as the tests use. */
declare module 'redis-parser' {
  export default class RedisParser {
    constructor(options: {
      returnReply(command: string[]): void;
      returnError(error: Error): void;
    });
    execute(data: Buffer): void;
  }
}
