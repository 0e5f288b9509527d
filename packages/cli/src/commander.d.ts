import type { Option } from 'commander';

declare module 'commander' {
  /** Arguments have a parser as options have, of which the types of this version say nothing. */
  interface Argument {
    parseArg?: Option['parseArg'];
  }
}
