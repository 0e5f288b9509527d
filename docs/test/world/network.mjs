// A world where the addresses that RFC 5737 sets aside for documentation exist: a network in memory,
// with a router wherever a peer looks for one.
import * as published from '@6bed4/node';

const DOCUMENTATION = /^(192\.0\.2|198\.51\.100|203\.0\.113)\.\d+(:\d+)?$/;
/** Peers that say nothing about their address get 203.0.113.10, .11, …: behind no NAT. */
const FIRST_PEER = 10;
const DEFAULT_PORT = 25790;

const network = published.memoryNetwork();
const routers = new Map();
let peers = 0;

function endpointOf(router) {
  const text = typeof router === 'string' ? router : `${router.address}:${router.port}`;
  if (!DOCUMENTATION.test(text)) return null;
  const [address, port = DEFAULT_PORT] = text.split(':');
  return { address, port: Number(port) };
}

function remember({ address, port }, router) {
  routers.set(`${address}:${port}`, router);
  return router;
}

async function ensureRouter(endpoint) {
  const { address, port } = endpoint;
  if (routers.has(`${address}:${port}`)) return;
  const datagrams = network.bind(address, port);
  await remember(endpoint, published.startRouter({ listen: address, port, datagrams }));
}

/** What a peer is given so that it lives here, if its routers do. */
export async function surroundings(options) {
  if (options.datagrams !== undefined || options.environment !== undefined) return {};
  const given = Array.isArray(options.routers) ? options.routers : [options.routers];
  const endpoints = given.map(endpointOf);
  if (endpoints.includes(null)) return {};
  await Promise.all(endpoints.map(ensureRouter));
  const own = options.listen ?? `203.0.113.${FIRST_PEER + peers++}`;
  return { datagrams: network.bind(own, options.port ?? 0) };
}

export async function startRouter(options) {
  const endpoint = endpointOf(options.listen);
  if (endpoint === null || options.datagrams !== undefined) return published.startRouter(options);
  const at = { ...endpoint, port: options.port ?? DEFAULT_PORT };
  const datagrams = network.bind(at.address, at.port);
  return remember(at, published.startRouter({ ...options, datagrams }));
}
