/*
 * Imported before a daemon, this refuses routes in place of the kernel: while the file that REFUSE_ROUTES names exists,
 * requests to add some are answered as the file says, such as `2001 ENOMEM`: the first group of
 * the destinations, in hexadecimal, and the error. The kernel does not get to see them.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { endianness } from 'node:os';

const { REFUSE_ROUTES } = process.env;
const RTM_NEWROUTE = 24;
const RTA_DST = 1;
const ROUTE_ATTRIBUTES = 28;

// The same copy that the library has.
const koffi = createRequire(new URL('../../../../node/package.json', import.meta.url))('koffi');
const load = koffi.load;
koffi.load = (path) => {
  const library = load(path);
  const func = (...declaration) => {
    const original = library.func(...declaration);
    if (!/ write\(int fd, void \*/.test(declaration[0])) return original;
    return (fd, bytes, length) => {
      const code = refusalOf(bytes);
      if (code === null) return original(fd, bytes, length);
      koffi.errno(koffi.os.errno[code]);
      return -1;
    };
  };
  return { func };
};

function refusalOf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isLittle = endianness() === 'LE';
  if (bytes.length < ROUTE_ATTRIBUTES || view.getUint16(4, isLittle) !== RTM_NEWROUTE) return null;
  const [group, code] = refused();
  if (group === undefined) return null;
  const isDestination = view.getUint16(ROUTE_ATTRIBUTES + 2, isLittle) === RTA_DST;
  const start = view.getUint16(ROUTE_ATTRIBUTES + 4);
  return isDestination && start === Number.parseInt(group, 16) ? code : null;
}

/** The first group of the destinations, and the name of the error; nothing without the file. */
function refused() {
  try {
    return readFileSync(REFUSE_ROUTES, 'utf8').trim().split(' ');
  } catch {
    return [];
  }
}
