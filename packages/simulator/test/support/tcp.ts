import type { ByteStream, ProgramClock, StreamHabits } from '@6bed4/testing/streamProgram';
import type { Internet, TcpSocket } from '../../src/index.js';

/** A program that writes, reads and ends as soon as it can. */
export const HASTE: Omit<StreamHabits, 'length'> = {
  piece: 5_000,
  writeEvery: 0,
  bite: 16_384,
  readEvery: 0,
  readAfter: 0,
  endsLast: false,
};

/** A socket as programs of tests use it. */
export function byteStream(socket: TcpSocket): ByteStream {
  return {
    get writable() {
      return socket.writable;
    },
    get isEnded() {
      return socket.isEnded;
    },
    write: (bytes, offset, length) => socket.write(bytes.subarray(offset, offset + length)),
    read: (into, offset, length) => socket.read(into.subarray(offset, offset + length)),
    end: () => socket.end(),
  };
}

/** The clock of programs in a simulation. */
export function timerOf(net: Internet): ProgramClock {
  return {
    now: () => net.now,
    after: (milliseconds, action) => net.at(net.now + milliseconds, action),
  };
}
