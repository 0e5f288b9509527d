import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { isRtp, RtpPacket } from 'rtp.js/packets';
import { parse } from 'sdp-transform';
import { chooseCrypto, formatCrypto } from './crypto-attribute.mjs';
import { createReception } from './reception.mjs';
import { createProtection, createReceiver, MASTER } from './srtp.mjs';

const FRAME_MS = 20;
/** 20 ms of a tone of 1 kHz in G.711 µ-law (G.711 table 6), which is payload type 0 of RTP. */
const TONE = Buffer.alloc(160, Buffer.from('1e0b0b1e9e8b8b9e', 'hex'));

const viewOf = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

/**
 * The media of one call, a tone each way over RTP, with the interface through which SIP.js asks for it.
 *
 * @param socket UDP socket with the interface of `node:dgram`
 * @param address its IPv6 address
 * @param report called at the end with the number of packets sent, the reception report, and with SRTP the
 *   packets that were dropped
 * @param requiresSrtp whether to offer SRTP, and to refuse calls without; other calls have it if offered
 */
export function createMedia(socket, address, report, requiresSrtp = false) {
  const bound = once(socket.bind(), 'listening');
  const reception = createReception();
  const packet = new RtpPacket();
  packet.setSsrc(Math.floor(Math.random() * 2 ** 32));
  packet.setPayload(viewOf(TONE));
  // Each side encrypts with a master key of its own, which serves this call only.
  const master = randomBytes(MASTER);
  const protect = createProtection(master);
  let receiver;
  // The profile that this side offered, unless it answers.
  let offered;
  let isDescribed = false;
  let tag = 1;
  let startedAt;
  let timer;
  let sent = 0;

  function send() {
    packet.setSequenceNumber(sent & 0xffff);
    packet.setTimestamp((sent * TONE.length) >>> 0);
    const view = packet.getView();
    const plain = Buffer.from(view.buffer, view.byteOffset, view.byteLength);
    socket.send(receiver === undefined ? plain : protect(plain));
    // Relative to the start of the stream, so that late timers do not slow its clock.
    timer = setTimeout(send, Math.max(0, startedAt + ++sent * FRAME_MS - performance.now()));
  }
  socket.on('message', (bytes) => {
    if (startedAt === undefined || bytes.length === 0 || !isRtp(viewOf(bytes))) return;
    const opened = receiver === undefined ? bytes : receiver.open(bytes);
    if (opened === undefined) return;
    const received = viewOf(opened);
    // Sequence number and timestamp; the header may be followed by anything.
    reception.add(received.getUint16(2), received.getUint32(4), performance.now());
  });

  return {
    hasDescription: (contentType) => contentType === 'application/sdp',
    async getDescription() {
      await bound;
      const isAnswer = offered === undefined && isDescribed;
      const secure = isAnswer ? receiver !== undefined : requiresSrtp;
      const profile = secure ? 'RTP/SAVP' : 'RTP/AVP';
      if (!isAnswer) offered = profile;
      const audio = `m=audio ${socket.address().port} ${profile} 0`;
      const crypto = secure ? [formatCrypto(tag, master)] : [];
      const lines = ['v=0', `o=- ${Date.now()} 1 IN IP6 ${address}`, 's=-', `c=IN IP6 ${address}`];
      const body = [...lines, 't=0 0', audio, 'a=rtpmap:0 PCMU/8000', ...crypto, ''].join('\r\n');
      return { body, contentType: 'application/sdp' };
    },
    async setDescription(body) {
      const { connection, media } = parse(body);
      const audio = media.find(({ type, port }) => type === 'audio' && port > 0);
      if (audio === undefined) throw new Error('the session description offers no audio');
      const chosen = chooseCrypto(audio);
      // Neither side may be led to send in the clear, nor with a key that the other does not have.
      const isRefused =
        (chosen === undefined && (requiresSrtp || audio.protocol !== 'RTP/AVP')) ||
        (offered !== undefined && audio.protocol !== offered) ||
        (offered !== undefined && chosen !== undefined && chosen.tag !== tag);
      if (isRefused)
        throw new Error('the session description has no encryption that is acceptable');
      // A connected socket receives from no other source.
      socket.connect(audio.port, (audio.connection ?? connection).ip, () => {
        startedAt = performance.now();
        send();
      });
      // After the call above, which throws in a session that has begun: its window must stay.
      if (chosen !== undefined) {
        receiver = createReceiver(chosen.master);
        tag = chosen.tag;
      }
      isDescribed = true;
    },
    close() {
      clearTimeout(timer);
      socket.close();
      report({ sent, ...reception.report(), ...(receiver && { dropped: receiver.dropped }) });
    },
  };
}
