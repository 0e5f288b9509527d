import { setTimeout } from 'node:timers/promises';

/** Waits for this many milliseconds. */
export const sleep = (milliseconds) => setTimeout(milliseconds);
