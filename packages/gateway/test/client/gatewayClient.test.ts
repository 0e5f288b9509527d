import { beforeEach, describe, expect, test } from 'vitest';
import {
  closeCodes,
  datagramMessage,
  formatHello,
  GatewayClient,
  type GatewayClientHost,
  type GatewayFailure,
  type Hello,
  LONGEST_MESSAGE,
  MessageBatch,
  readReceipt,
  receiptMessage,
  SUBPROTOCOL,
  type WebSocketLike,
} from '../../src/index.js';
import { endpoint, REMOTE } from '../support/packets.js';

const HELLO: Hello = {
  endpoint: { address: '192.0.2.1', port: 40_000 },
  routers: [{ address: '192.0.2.1', port: 25_790 }],
  keepalive: 20,
  resume: 'name',
  resumeFor: 60,
  resumed: false,
  lost: 0,
};

/** A WebSocket whose other end is the test. */
class FakeSocket implements WebSocketLike {
  binaryType = 'blob';
  bufferedAmount = 0;
  protocol = '';
  onmessage: ((event: never) => void) | null = null;
  onclose: ((event: never) => void) | null = null;
  onerror: ((event: never) => void) | null = null;
  readonly sent: Uint8Array[] = [];
  closed: [number | undefined, string | undefined] | null = null;
  readonly url: string;
  readonly protocols: string[];

  constructor(url: string, protocols: string[]) {
    this.url = url;
    this.protocols = protocols;
  }

  send(data: Uint8Array): void {
    this.sent.push(data.slice());
  }

  close(code?: number, reason?: string): void {
    this.closed ??= [code, reason];
  }

  greet(hello: Hello = HELLO): void {
    this.protocol = SUBPROTOCOL;
    this.receive(formatHello(hello));
  }

  receive(data: string | Uint8Array): void {
    const plain = typeof data === 'string' ? data : Uint8Array.from(data).buffer;
    this.onmessage?.({ data: plain } as never);
  }

  end(code: number, reason = ''): void {
    this.onclose?.({ code, reason } as never);
  }
}

let now: number;
let timers: { at: number; action: () => void }[];
let sockets: FakeSocket[];
let opened: Hello[];
let failures: GatewayFailure[];
let datagrams: number[][];
let client: GatewayClient;

const last = (): FakeSocket => sockets.at(-1)!;

function newClient(
  urls: readonly string[],
  token?: string,
  more: Partial<GatewayClientHost> = {},
): GatewayClient {
  return new GatewayClient(
    { urls, token },
    {
      connect(url, protocols) {
        const socket = new FakeSocket(url, protocols);
        sockets.push(socket);
        return socket;
      },
      now: () => now,
      random: () => 1,
      setTimer(milliseconds, action) {
        const timer = { at: now + milliseconds, action };
        timers.push(timer);
        return () => {
          timers = timers.filter((one) => one !== timer);
        };
      },
      datagram: (bytes, offset, length) =>
        datagrams.push([...bytes.subarray(offset, offset + length)]),
      opened: (hello) => opened.push(hello),
      closed: (failure) => failures.push(failure),
      ...more,
    },
  );
}

/** Lets time pass. */
function wait(milliseconds: number): void {
  const end = now + milliseconds;
  for (;;) {
    const [next] = timers.filter(({ at }) => at <= end).sort((one, other) => one.at - other.at);
    if (next === undefined) break;
    timers = timers.filter((one) => one !== next);
    now = Math.max(now, next.at);
    next.action();
  }
  now = end;
}

beforeEach(() => {
  now = 5000;
  [timers, sockets, opened, failures, datagrams] = [[], [], [], [], []];
  client = newClient(['wss://one/6bed4'], 'secret');
  client.open();
});

const PAYLOAD = Uint8Array.of(1, 2, 3);
const send = (): boolean => client.send(PAYLOAD, 0, 3, endpoint(REMOTE));

describe('a GatewayClient', () => {
  test('says who it is, and is open when it was greeted', () => {
    expect(last().protocols).toEqual([SUBPROTOCOL, '6bed4.token.secret']);
    expect([client.isOpen, send()]).toEqual([false, false]);
    last().greet();
    expect([client.isOpen, client.endpoint]).toEqual([true, HELLO.endpoint]);
    expect(send()).toBe(true);
    expect(last().sent).toEqual([datagramMessage(PAYLOAD, 0, 3, endpoint(REMOTE))]);
  });

  test('hands over datagrams and confirms them soon', () => {
    last().greet();
    last().receive(datagramMessage(PAYLOAD, 0, 3, endpoint(REMOTE)));
    expect(datagrams).toEqual([[1, 2, 3]]);
    expect(last().sent).toEqual([]);
    wait(10);
    expect(last().sent.map(readReceipt)).toEqual([1]);
    for (let count = 0; count < 16; count++) {
      last().receive(datagramMessage(PAYLOAD, 0, 3, endpoint(REMOTE)));
    }
    expect(last().sent.map(readReceipt)).toEqual([1, 17]);
  });

  test('takes several datagrams of one message, and confirms them by one receipt', () => {
    last().greet();
    const batch = new MessageBatch();
    for (let count = 0; count < 20; count++) {
      batch.add(Uint8Array.of(count), 0, 1, endpoint(REMOTE));
    }
    last().receive(batch.take()!);
    expect(datagrams).toEqual(Array.from({ length: 20 }, (_, count) => [count]));
    expect(last().sent.map(readReceipt)).toEqual([20]);
  });

  describe('with a host that can defer', () => {
    let deferred: (() => void)[];
    beforeEach(() => {
      deferred = [];
      client = newClient(['wss://one/6bed4'], 'secret', {
        defer: (action) => deferred.push(action),
      });
      client.open();
      last().greet();
    });
    const runDeferred = (): void => {
      for (const action of deferred.splice(0)) action();
    };

    test('sends what comes together in one message', () => {
      for (let count = 0; count < 3; count++) send();
      expect([last().sent, deferred.length]).toEqual([[], 1]);
      runDeferred();
      const one = datagramMessage(PAYLOAD, 0, 3, endpoint(REMOTE));
      expect(last().sent).toEqual([Uint8Array.of(...one, ...one, ...one)]);
      send();
      runDeferred();
      expect(last().sent.slice(1)).toEqual([one]);
    });

    test('sends nothing of one connection over the next', () => {
      send();
      last().end(1006);
      wait(1000);
      last().greet();
      runDeferred();
      expect(last().sent).toEqual([]);
    });
  });

  test('drops what would wait for too long, and what waits in the WebSocket', () => {
    last().greet();
    send();
    wait(2001);
    expect(send()).toBe(false);
    last().receive(receiptMessage(1));
    expect(send()).toBe(true);
    last().bufferedAmount = 5_000_000;
    expect(send()).toBe(false);
    expect(client.counters).toMatchObject({ datagramsSent: 2, dropped: 2 });
  });

  test('asks for a sign of life after silence, and comes back to its endpoint without one', () => {
    last().greet();
    wait(20_000);
    expect(last().sent.map(readReceipt)).toEqual([0]);
    last().receive(receiptMessage(0));
    wait(5000);
    expect(client.isOpen).toBe(true);
    wait(20_600);
    expect(client.isOpen).toBe(false);
    expect(failures).toMatchObject([{ code: closeCodes.silent, wasOpen: true, retryIn: 500 }]);
    expect(sockets).toHaveLength(2);
    expect(last().protocols).toContain('6bed4.resume.name');
    last().greet({ ...HELLO, resumed: true, lost: 7 });
    expect(opened).toHaveLength(2);
    expect(client.counters).toMatchObject({ connections: 2, lost: 7 });
  });

  test('asks by a receipt that confirms nothing new, even where one is due', () => {
    last().greet();
    last().receive(datagramMessage(PAYLOAD, 0, 3, endpoint(REMOTE)));
    client.networkChanged();
    expect(last().sent.map(readReceipt)).toEqual([1, 1]);
    wait(100);
    expect(last().sent).toHaveLength(2);
  });

  test('tells what the platform says when no connection comes about', () => {
    last().onerror?.({ message: 'connect ECONNREFUSED' } as never);
    last().end(1006);
    expect(failures).toMatchObject([{ code: 1006, reason: 'connect ECONNREFUSED' }]);
  });

  test('finds out soon after the network changed', () => {
    last().greet();
    client.networkChanged();
    wait(2500);
    expect(client.isOpen).toBe(false);
    wait(500);
    expect(sockets).toHaveLength(2);
  });

  test('does not ask for an endpoint that is not kept any more', () => {
    last().greet();
    last().end(1006);
    for (let count = 0; count < 20; count++) {
      wait(30_000);
      last().end(1006);
    }
    wait(60_000);
    expect(last().protocols).toEqual([SUBPROTOCOL, '6bed4.token.secret']);
  });

  test('tries less and less often, and the gateways in turn', () => {
    sockets = [];
    client = newClient(['wss://one/6bed4', 'wss://two/6bed4']);
    client.open();
    const waits: (number | null)[] = [];
    for (let count = 0; count < 10; count++) {
      last().end(1006);
      waits.push(failures.at(-1)!.retryIn);
      wait(waits.at(-1)!);
    }
    expect(waits.slice(0, 4)).toEqual([500, 1000, 2000, 4000]);
    expect(waits.at(-1)).toBe(60_000);
    expect(sockets.slice(0, 3).map(({ url }) => url)).toEqual([
      'wss://one/6bed4',
      'wss://two/6bed4',
      'wss://one/6bed4',
    ]);
  });

  test('is not sooner back where each connection ends at once', () => {
    for (let count = 0; count < 5; count++) {
      last().greet();
      last().end(closeCodes.policyViolation);
      wait(failures.at(-1)!.retryIn!);
    }
    expect(failures.map(({ retryIn }) => retryIn)).toEqual([500, 1000, 2000, 4000, 8000]);
  });

  test('stays away where it is not wanted', () => {
    last().end(closeCodes.unauthorized, 'a token is needed');
    expect(failures).toMatchObject([{ reason: 'a token is needed', retryIn: null }]);
    wait(3_600_000);
    expect(sockets).toHaveLength(1);
  });

  test('gives up a connection that says nothing', () => {
    wait(10_000);
    expect(last().closed).not.toBeNull();
    expect(failures).toMatchObject([{ reason: 'no answer', wasOpen: false }]);
  });

  test.each<[string, string | Uint8Array]>([
    ['a greeting that is none', '{}'],
    ['a datagram before the greeting', new Uint8Array(10)],
  ])('ends at %s', (_, message) => {
    last().protocol = SUBPROTOCOL;
    last().receive(message);
    expect(last().closed).not.toBeNull();
    expect(client.isOpen).toBe(false);
  });

  test.each<[string, string | Uint8Array]>([
    ['a second greeting', formatHello(HELLO)],
    ['a receipt for what was not sent', receiptMessage(1)],
    ['bytes that mean nothing', new Uint8Array(5)],
    ['nothing', new Uint8Array()],
    ['too many bytes', new Uint8Array(LONGEST_MESSAGE + 1)],
  ])('ends at %s afterwards', (_, message) => {
    last().greet();
    last().receive(message);
    expect(last().closed).not.toBeNull();
    expect(client.isOpen).toBe(false);
    expect(datagrams).toEqual([]);
  });

  test('ends at a greeting of another protocol', () => {
    last().receive(formatHello(HELLO));
    expect(client.isOpen).toBe(false);
  });

  test('takes nothing from a connection that it has left', () => {
    last().greet();
    const old = last();
    client.renew();
    old.receive(datagramMessage(PAYLOAD, 0, 3, endpoint(REMOTE)));
    expect(datagrams).toEqual([]);
    expect(old.closed).toEqual([closeCodes.done, undefined]);
    wait(1000);
    // Another endpoint is wanted.
    expect(last().protocols).not.toContain('6bed4.resume.name');
  });

  test('gives its endpoint up for a pause', () => {
    last().greet();
    client.pause();
    expect(timers).toEqual([]);
    expect(last().closed).toEqual([closeCodes.done, undefined]);
    client.open();
    expect(last().protocols).not.toContain('6bed4.resume.name');
  });

  test('does nothing after its end', () => {
    last().greet();
    client.close();
    client.open();
    client.networkChanged();
    expect([sockets.length, timers.length, send()]).toEqual([1, 0, false]);
  });
});
