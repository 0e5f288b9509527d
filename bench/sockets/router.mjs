/** A process with a router; tells its processor time and datagrams when it is asked. */
const { dist } = JSON.parse(process.argv[2]);
const { startRouter } = await import(dist);
const router = await startRouter({ listen: '127.0.0.1', port: 0 });

process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send({ processor: user + system, datagrams: router.counters().datagramsSent });
});
process.send(router.endpoint);
