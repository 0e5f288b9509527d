// A DNS server of one name with one IPv6 address, by UDP, until it is ended.
import { createSocket } from 'node:dgram';

const [host, name, address] = process.argv.slice(2);
const AAAA = 28;
const QUESTION = 12;
const socket = createSocket('udp6');

/** The 16 bytes of an address with one `::`. */
function bytesOf(text) {
  const [front, back] = text.split('::').map((half) => half.split(':').filter(Boolean));
  const zeros = Array(8 - front.length - back.length).fill('0');
  const words = [...front, ...zeros, ...back];
  return words.flatMap((word) => [Number.parseInt(word, 16) >> 8, Number.parseInt(word, 16) & 255]);
}

socket.on('message', (query, from) => {
  let end = QUESTION;
  const labels = [];
  while (query[end] !== 0) {
    labels.push(query.toString('latin1', end + 1, end + 1 + query[end]));
    end += 1 + query[end];
  }
  const isKnown = labels.join('.') === name && query.readUInt16BE(end + 1) === AAAA;
  const header = Buffer.from([0, 0, 0x81, 0x80, 0, 1, 0, isKnown ? 1 : 0, 0, 0, 0, 0]);
  query.copy(header, 0, 0, 2);
  const record = [0xc0, QUESTION, 0, AAAA, 0, 1, 0, 0, 0, 60, 0, 16, ...bytesOf(address)];
  const answer = isKnown ? Buffer.from(record) : Buffer.alloc(0);
  const question = query.subarray(QUESTION, end + 5);
  socket.send(Buffer.concat([header, question, answer]), from.port, from.address);
});
socket.bind(53, host, () => console.log('ready'));
