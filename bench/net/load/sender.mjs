/*
 * Sends frames until it gets a signal, as fast as it can or at a rate, many with one system call, so that
 * it is faster than the measured program. Its one argument is JSON:
 *   from, to    UDP endpoints
 *   frames      the frames to send in turn, in base64; all of one size
 *   rate        frames a second; 0 for as many as possible
 *   coalesced   frames to send as one, for the kernel to segment; 0 for none
 */
import { Batch, openSocket, setSegmentSize, usleep } from './libc.mjs';

const BATCH = 64;
const NAP_MICROSECONDS = 20;

const { from, to, frames, rate, coalesced } = JSON.parse(process.argv[2]);
const fd = openSocket(from, to);
const templates = frames.map((text) => new Uint8Array(Buffer.from(text, 'base64')));

/** The messages of a batch, and their number of frames. */
const framesEach = coalesced === 0 ? 1 : coalesced;
const messages = Array.from({ length: coalesced === 0 ? BATCH : 1 }, (_, index) => {
  const parts = Array.from({ length: framesEach }, (_, part) => {
    return templates[(index * framesEach + part) % templates.length];
  });
  return new Uint8Array(Buffer.concat(parts));
});
if (coalesced !== 0) setSegmentSize(fd, templates[0].length);
const batch = new Batch(messages);

process.stdout.write('sending\n');

/** Frames that cannot be sent, because a queue is full or no socket is bound yet, count as sent. */
function flood() {
  for (;;) batch.send(fd, messages.length);
}

function pace() {
  const start = performance.now();
  let sent = 0;
  for (;;) {
    const due = Math.floor(((performance.now() - start) / 1000) * rate) - sent;
    const count = Math.min(Math.floor(due / framesEach), messages.length);
    if (count > 0) {
      batch.send(fd, count);
      sent += count * framesEach;
    } else {
      usleep(NAP_MICROSECONDS);
    }
  }
}

if (rate === 0) flood();
else pace();
