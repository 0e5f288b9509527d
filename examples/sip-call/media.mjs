import { once } from 'node:events';
import { isRtp, RtpPacket } from 'rtp.js/packets';
import { parse } from 'sdp-transform';
import { createReception } from './reception.mjs';

const FRAME_MS = 20;
const SAMPLES = 160;
/** A tone of 1 kHz in G.711 µ-law (G.711 table 6), which is payload type 0 of RTP. */
const TONE = Buffer.alloc(SAMPLES, Buffer.from('1e0b0b1e9e8b8b9e', 'hex'));

const viewOf = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

/**
 * The media of one call, a tone each way over RTP, with the interface through which SIP.js asks for it.
 *
 * @param socket UDP socket with the interface of `node:dgram`
 * @param address where that is reached
 */
export function createMedia(socket, address) {
  const bound = once(socket.bind(), 'listening');
  const media = { sent: 0, reception: createReception() };
  let timer = null;

  socket.on('message', (bytes) => {
    if (timer === null || !isRtp(viewOf(bytes))) return;
    const packet = new RtpPacket(viewOf(bytes));
    media.reception.take(packet.getSequenceNumber(), packet.getTimestamp(), performance.now());
  });

  function start() {
    const packet = new RtpPacket();
    packet.setSsrc(Math.floor(Math.random() * 2 ** 32));
    packet.setPayload(viewOf(TONE));
    const begin = performance.now();
    const send = () => {
      packet.setSequenceNumber(media.sent & 0xffff);
      packet.setTimestamp((media.sent * SAMPLES) >>> 0);
      const bytes = new Uint8Array(packet.getByteLength());
      packet.serialize(bytes.buffer);
      socket.send(bytes);
      // Counted from the beginning, so that late timers do not slow the clock of the stream.
      timer = setTimeout(send, begin + ++media.sent * FRAME_MS - performance.now());
    };
    send();
  }

  return Object.assign(media, {
    hasDescription: (contentType) => contentType === 'application/sdp',
    async getDescription() {
      await bound;
      const audio = `m=audio ${socket.address().port} RTP/AVP 0`;
      const lines = ['v=0', `o=- ${Date.now()} 1 IN IP6 ${address}`, 's=-', `c=IN IP6 ${address}`];
      const body = [...lines, 't=0 0', audio, 'a=rtpmap:0 PCMU/8000', ''].join('\r\n');
      return { body, contentType: 'application/sdp' };
    },
    async setDescription(body) {
      await bound;
      const description = parse(body);
      const audio = description.media.find(({ type, port }) => type === 'audio' && port > 0);
      const remote = audio?.connection ?? description.connection;
      if (remote === undefined) throw new Error('the session description offers no audio');
      // A connected socket hears nobody else.
      socket.connect(audio.port, remote.ip, start);
    },
    close() {
      clearTimeout(timer);
      socket.close();
    },
  });
}
