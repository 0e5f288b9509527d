import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'vitest';
import { target } from './fuzz/peer.js';
import { Recorder } from './support/recorder.js';
import { Peer } from '../src/index.js';
const hex = (x: any) => x instanceof Uint8Array ? Buffer.from(x).toString('hex').slice(0, 300) : String(x);
test('x', () => {
  for (const name of ['handleDatagram','handlePacket','handleTimeout','handleOpportunisticPacket','solicit']) {
    const old = (Peer.prototype as any)[name];
    (Peer.prototype as any)[name] = function (...a: any[]) { console.log('>>', name, a.map(hex).join(' ')); return old.apply(this, a); };
  }
  const s = Recorder.prototype.sendDatagram;
  Recorder.prototype.sendDatagram = function (b, o, l, to, t, ttl) { console.log('   sent', l, 'to', to.address.toString(16), to.port, hex(b.slice(o, o + l))); return s.call(this, b, o, l, to, t, ttl); };
  const e = Recorder.prototype.event;
  Recorder.prototype.event = function (ev) { console.log('   event', JSON.stringify(ev)); return e.call(this, ev); };
  const folder = new URL('./fuzz/corpus/peer/', import.meta.url);
  for (const f of readdirSync(folder)) { if (f.startsWith('crash')) target.run(readFileSync(new URL(f, folder))); }
});
