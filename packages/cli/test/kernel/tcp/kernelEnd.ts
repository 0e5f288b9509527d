/* One end of a connection with the kernel's TCP, as its argument plans it; prints a report when it is over. */
import { connect, createServer, type Socket } from 'node:net';
import { ContentSink, ContentSource } from './content.js';
import type { EndPlan, EndReport } from './plan.js';

const plan = JSON.parse(process.argv[2]!) as EndPlan;

function converse(socket: Socket): void {
  const source = new ContentSource(plan.send ?? 0);
  const sink = new ContentSink();
  const opened = performance.now();
  let pause = plan.pause;
  let error: string | null = null;

  const send = (): void => {
    for (let piece = source.next(); piece !== null; piece = source.next()) {
      if (!socket.write(piece)) {
        socket.once('drain', send);
        return;
      }
    }
    if (plan.endAt === undefined) socket.end();
    else setTimeout(() => socket.end(), plan.endAt - Date.now());
  };

  socket.on('data', (piece) => {
    sink.take(piece);
    if (plan.resetAfter !== undefined && sink.bytes >= plan.resetAfter) socket.resetAndDestroy();
    if (pause === undefined || sink.bytes < pause.after) return;
    socket.pause();
    setTimeout(() => socket.resume(), pause.time);
    pause = undefined;
  });
  socket.on('end', () => plan.answers === true && send());
  socket.on('error', ({ code }: NodeJS.ErrnoException) => {
    error = code ?? 'unknown';
  });
  socket.on('close', () => {
    const time = performance.now() - opened;
    const report: EndReport = { sent: source.content, received: sink.content, error, time };
    console.log(`report ${JSON.stringify(report)}`);
    process.exit();
  });
  if (plan.answers !== true) send();
}

function open(): void {
  const { remote: host, port, localPort } = plan;
  const socket = connect({
    host,
    port,
    allowHalfOpen: true,
    ...(localPort === undefined ? {} : { localPort }),
  });
  converse(socket);
}

if (plan.role === 'listen') {
  const server = createServer({ allowHalfOpen: true }, converse);
  server.listen(plan.port, '::', () => console.log('ready'));
} else {
  console.log('ready');
  if (plan.connectAt === undefined) open();
  else setTimeout(open, plan.connectAt - Date.now());
}
