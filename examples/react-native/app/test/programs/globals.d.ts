/** Prints a line: of Hermes; the tests give it to Node.js. */
declare function print(line: string): void;
