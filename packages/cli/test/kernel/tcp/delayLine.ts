/* Hands back what leaves through a TUN interface after so many milliseconds; its arguments are both. */
import { loadLibc } from '../../../../node/src/drivers/kernel/libc.js';
import { Tun } from '../../../../node/src/drivers/tun/tunDevice.js';

const [device, delay] = process.argv.slice(2) as [string, string];
const tun = Tun.open(await loadLibc(), device);
tun.start(
  (bytes, offset, length) => {
    const packet = bytes.slice(offset, offset + length);
    setTimeout(() => tun.write(packet, 0, length), Number(delay));
  },
  () => process.exit(1),
);
console.log('ready');
