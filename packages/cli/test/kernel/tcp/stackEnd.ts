/* One end of a connection with a stack of `@6bed4/tcp`, as its argument plans it; prints a report when it is over. */
import { parseIPv6 } from '@6bed4/codec';
import type { TcpConnection } from '../../../../tcp/src/index.js';
import { ContentSink, ContentSource } from './content.js';
import type { EndReport, StackPlan } from './plan.js';
import { TunStack } from './tunStack.js';

const plan = JSON.parse(process.argv[2]!) as StackPlan;
const source = new ContentSource(plan.send ?? 0);
const sink = new ContentSink();
const buffer = new Uint8Array(65_536);
let opened = 0;
let pause = plan.pause;
let isPaused = false;
let isSending = false;
let piece: Uint8Array | null = null;
let written = 0;

function send(connection: TcpConnection, now: number): void {
  isSending = true;
  for (;;) {
    if (piece === null) {
      piece = source.next();
      written = 0;
    }
    if (piece === null) break;
    written += connection.write(piece, written, piece.length - written, now);
    if (written < piece.length) return;
    piece = null;
  }
  isSending = false;
  if (plan.endAt === undefined) connection.end(now);
  else setTimeout(() => host.run((then) => connection.end(then)), plan.endAt - Date.now());
}

function receive(connection: TcpConnection, now: number): void {
  while (!isPaused) {
    const count = connection.read(buffer, 0, buffer.length, now);
    if (count === 0) break;
    sink.take(buffer.subarray(0, count));
    if (plan.resetAfter !== undefined && sink.bytes >= plan.resetAfter) {
      connection.abort(now);
      return;
    }
    if (pause === undefined || sink.bytes < pause.after) continue;
    isPaused = true;
    setTimeout(() => {
      isPaused = false;
      host.run((then) => receive(connection, then));
    }, pause.time);
    pause = undefined;
  }
  if (plan.answers === true && connection.isEnded && !isSending) send(connection, now);
}

const host = await TunStack.open(plan, (connection, event) => {
  const now = performance.now();
  switch (event) {
    case 'open':
      opened = now;
      if (plan.answers !== true) send(connection, now);
      break;
    case 'readable':
      receive(connection, now);
      break;
    case 'writable':
      if (isSending) send(connection, now);
      break;
    case 'closed': {
      const time = now - opened;
      const { error } = connection;
      const report: EndReport = { sent: source.content, received: sink.content, error, time };
      console.log(`report ${JSON.stringify(report)}`);
      console.log(`counters ${JSON.stringify(host.stack.counters)}`);
    }
  }
});

function begin(): void {
  const [local, remote] = [parseIPv6(plan.local), parseIPv6(plan.remote)];
  if (plan.role === 'listen') {
    host.stack.listen(local, plan.port);
    return;
  }
  const ends = { address: local, port: plan.localPort ?? 0 };
  host.run((now) => host.stack.connect(ends, { address: remote, port: plan.port }, now));
}

console.log('ready');
if (plan.role === 'listen') begin();
else if (plan.connectAt !== undefined) setTimeout(begin, plan.connectAt - Date.now());
else begin();
