import { setTimeout } from 'node:timers/promises';

/** Waits for so many milliseconds. */
export const sleep = (milliseconds) => setTimeout(milliseconds);
