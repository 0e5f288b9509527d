import { Internet, natTypes } from '@6bed4/simulator';

const PAIRS = 50;
const PAYLOAD = new Uint8Array(500);

export function carry(count) {
  const net = new Internet({ seed: 1 });
  let left = count;
  const sendBack = ({ from }, socket) => {
    if (left-- > 0) socket.send(from, PAYLOAD);
    socket.received.length = 0;
  };
  for (let pair = 0; pair < PAIRS; pair++) {
    const natA = net.nat(`natA ${pair}`, natTypes.fullCone);
    const natB = net.nat(`natB ${pair}`, natTypes.fullCone);
    const a = net.host(`a ${pair}`, { behind: natA }).bind(5000, sendBack);
    const b = net.host(`b ${pair}`, { behind: natB }).bind(6000, sendBack);
    b.send(`${natA.external}:5000`, PAYLOAD);
    a.send(`${natB.external}:6000`, PAYLOAD);
  }
  const start = performance.now();
  net.runUntilQuiet();
  const seconds = (performance.now() - start) / 1000;
  const { delivered } = net.statistics;
  return { delivered, perSecond: delivered / seconds };
}
