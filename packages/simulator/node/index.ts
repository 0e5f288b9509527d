/**
 * Programs for Node.js on the Internet of `@6bed4/simulator`, in virtual time.
 *
 * @packageDocumentation
 */

export { holdTime } from './eventLoop.js';
export { type SimulateOptions, simulate } from './simulate.js';
