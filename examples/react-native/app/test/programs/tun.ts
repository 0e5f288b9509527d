import { parseIPv6 } from '@6bed4/codec';
import { buildEcho } from '@6bed4/nd';
import { Buffer } from 'buffer';
import { DeviceEventEmitter } from 'react-native';
import { splitPackets, TunHost } from '../../src/tun';
import { SixBed4Tun } from '../fake/tun';
import { check, checkSame, type Test } from './checks';
import { sleep } from './engine';
import { openHost, openRouter, until } from './transfers';

function echo(source: string, destination: string, sequence: number): Buffer {
  const data = new Uint8Array(sequence);
  const addresses = { source: parseIPv6(source), destination: parseIPv6(destination) };
  const fields = { ...addresses, hopLimit: 64, identifier: 1, sequence, data };
  return Buffer.from(buildEcho({ type: 'echo-request', ...fields }));
}

function lengths(batches: readonly string[]): string {
  return batches
    .flatMap((batch) => splitPackets(Buffer.from(batch, 'base64')))
    .map(({ length }) => length)
    .join();
}

export const tunTests: readonly Test[] = [
  {
    name: 'carries packets of a TUN interface in batches',
    run: async () => {
      const router = await openRouter('198.51.100.1');
      const far = await openHost('203.0.113.1', router.text);
      const bindAddress = '192.0.2.1';
      const host = new TunHost({ routers: [router.text], bindAddress, changed: () => undefined });
      await host.start();
      await until(() => SixBed4Tun.addresses.length > 0, 'an interface');
      const own = host.tunnel.state.address!;
      checkSame(SixBed4Tun.addresses.join(), own, 'the address of the interface');
      const to = far.tunnel.state.address!;
      const batch = Buffer.concat([echo(own, to, 1), echo(own, to, 2), echo(own, to, 30)]);
      DeviceEventEmitter.emit('sixbed4-packets', batch.toString('base64'));
      await sleep(500);
      checkSame(lengths(SixBed4Tun.written.splice(0)), '49,50,78', 'lengths of the replies');
      await host.stop();
      checkSame(SixBed4Tun.addresses.length, 0, 'interfaces afterwards');
      await far.tunnel.stop();
      router.close();
    },
  },
  {
    name: 'stops when the user does not allow an interface',
    run: async () => {
      const router = await openRouter('198.51.100.1');
      const bindAddress = '192.0.2.1';
      const host = new TunHost({ routers: [router.text], bindAddress, changed: () => undefined });
      SixBed4Tun.isRefused = true;
      await host.start();
      await sleep(500);
      checkSame(host.tunnel.state.phase, 'stopped', 'the phase');
      SixBed4Tun.isRefused = false;
      router.close();
    },
  },
  {
    name: 'stops when the interface is taken away',
    run: async () => {
      const router = await openRouter('198.51.100.1');
      const bindAddress = '192.0.2.1';
      const host = new TunHost({ routers: [router.text], bindAddress, changed: () => undefined });
      await host.start();
      await until(() => host.tunnel.state.phase === 'online', 'an address');
      DeviceEventEmitter.emit('sixbed4-revoked', null);
      await sleep(100);
      checkSame(host.tunnel.state.phase, 'stopped', 'the phase');
      router.close();
    },
  },
  {
    name: 'takes nothing but whole packets out of a batch',
    run: async () => {
      const packet = echo('2001:db8::1', '2001:db8::2', 4);
      const cut = Buffer.concat([packet, Buffer.from(packet.subarray(0, 30))]);
      checkSame(splitPackets(cut).length, 1, 'packets before a part of one');
      const longer = Buffer.from(packet);
      longer[4] = 0xff;
      checkSame(splitPackets(longer).length, 0, 'packets longer than the batch');
      const ipv4 = Buffer.from(packet);
      ipv4[0] = 0x45;
      check(splitPackets(Buffer.concat([packet, ipv4, packet])).length === 1, 'no IPv4');
      checkSame(splitPackets(Buffer.alloc(0)).length, 0, 'packets in nothing');
    },
  },
];
