import { once } from 'node:events';
import { isRtp, RtpPacket } from 'rtp.js/packets';
import sdp from 'sdp-transform';
import { Reception } from './reception.mjs';

const FRAME_MS = 20;
const SAMPLES = 160;
/** A tone of 1 kHz in G.711 µ-law, which RTP calls PCMU, payload type 0 (G.711 table 6). */
const TONE = Buffer.alloc(SAMPLES, Buffer.from('1e0b0b1e9e8b8b9e', 'hex'));

const view = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

/** The media of one call, as SIP.js asks for it: a tone each way over RTP. */
export class Media {
  sent = 0;
  reception = new Reception();
  #socket;
  #address;
  #bound;
  #timer;

  /** The socket has the interface of a `node:dgram` socket; `address` is where it is reached. */
  constructor(socket, address) {
    this.#socket = socket;
    this.#address = address;
    this.#bound = once(socket.bind(), 'listening');
    socket.on('message', (bytes) => this.#receive(view(bytes)));
  }

  hasDescription(contentType) {
    return contentType === 'application/sdp';
  }

  async getDescription() {
    await this.#bound;
    const body = sdp.write({
      version: 0,
      origin: {
        username: '-',
        sessionId: Date.now(),
        sessionVersion: 1,
        netType: 'IN',
        ipVer: 6,
        address: this.#address,
      },
      name: '-',
      timing: { start: 0, stop: 0 },
      media: [
        {
          type: 'audio',
          port: this.#socket.address().port,
          protocol: 'RTP/AVP',
          connection: { version: 6, ip: this.#address },
          payloads: '0',
          rtp: [{ payload: 0, codec: 'PCMU', rate: 8000 }],
          fmtp: [],
          ptime: FRAME_MS,
        },
      ],
    });
    return { body, contentType: 'application/sdp' };
  }

  async setDescription(body) {
    await this.#bound;
    const { connection, media } = sdp.parse(body);
    const audio = media.find(({ type, port }) => type === 'audio' && port > 0);
    const address = (audio?.connection ?? connection)?.ip;
    if (address === undefined) throw new Error('no audio in the session description');
    // A connected socket hears nobody else.
    this.#socket.connect(audio.port, address, () => this.#start());
  }

  close() {
    clearTimeout(this.#timer);
    this.#socket.close();
  }

  #start() {
    const packet = new RtpPacket();
    packet.setSsrc(Math.floor(Math.random() * 2 ** 32));
    packet.setPayload(view(TONE));
    const start = performance.now();
    const send = () => {
      packet.setSequenceNumber(this.sent & 0xffff);
      packet.setTimestamp((this.sent * SAMPLES) >>> 0);
      const bytes = new Uint8Array(packet.getByteLength());
      packet.serialize(bytes.buffer);
      this.#socket.send(bytes);
      this.sent++;
      // Counted from the start, so that late timers do not slow the clock of the stream.
      this.#timer = setTimeout(send, start + this.sent * FRAME_MS - performance.now());
    };
    send();
  }

  #receive(bytes) {
    if (this.#timer === undefined || !isRtp(bytes)) return;
    const packet = new RtpPacket(bytes);
    this.reception.take(packet.getSequenceNumber(), packet.getTimestamp(), performance.now());
  }
}
