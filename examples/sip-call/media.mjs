import { once } from 'node:events';
import { isRtp, RtpPacket } from 'rtp.js/packets';
import { parse } from 'sdp-transform';
import { createReception } from './reception.mjs';

const FRAME_MS = 20;
/** 20 ms of a tone of 1 kHz in G.711 µ-law (G.711 table 6), which is payload type 0 of RTP. */
const TONE = Buffer.alloc(160, Buffer.from('1e0b0b1e9e8b8b9e', 'hex'));

const viewOf = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

/**
 * The media of one call, a tone each way over RTP, with the interface through which SIP.js asks for it.
 *
 * @param socket UDP socket with the interface of `node:dgram`
 * @param address its IPv6 address
 * @param report called at the end with the number of packets sent, and the reception report
 */
export function createMedia(socket, address, report) {
  const bound = once(socket.bind(), 'listening');
  const reception = createReception();
  const packet = new RtpPacket();
  packet.setSsrc(Math.floor(Math.random() * 2 ** 32));
  packet.setPayload(viewOf(TONE));
  let startedAt;
  let timer;
  let sent = 0;

  function send() {
    packet.setSequenceNumber(sent & 0xffff);
    packet.setTimestamp((sent * TONE.length) >>> 0);
    socket.send(packet.getView());
    // Relative to the start of the stream, so that late timers do not slow its clock.
    timer = setTimeout(send, Math.max(0, startedAt + ++sent * FRAME_MS - performance.now()));
  }
  socket.on('message', (bytes) => {
    const received = viewOf(bytes);
    if (startedAt === undefined || bytes.length === 0 || !isRtp(received)) return;
    // Sequence number and timestamp; the header may be followed by anything.
    reception.add(received.getUint16(2), received.getUint32(4), performance.now());
  });

  return {
    hasDescription: (contentType) => contentType === 'application/sdp',
    async getDescription() {
      await bound;
      const audio = `m=audio ${socket.address().port} RTP/AVP 0`;
      const lines = ['v=0', `o=- ${Date.now()} 1 IN IP6 ${address}`, 's=-', `c=IN IP6 ${address}`];
      const body = [...lines, 't=0 0', audio, 'a=rtpmap:0 PCMU/8000', ''].join('\r\n');
      return { body, contentType: 'application/sdp' };
    },
    async setDescription(body) {
      const { connection, media } = parse(body);
      const audio = media.find(({ type, port }) => type === 'audio' && port > 0);
      if (audio === undefined) throw new Error('the session description offers no audio');
      // A connected socket receives from no other source.
      socket.connect(audio.port, (audio.connection ?? connection).ip, () => {
        startedAt = performance.now();
        send();
      });
    },
    close() {
      clearTimeout(timer);
      socket.close();
      report({ sent, ...reception.report() });
    },
  };
}
