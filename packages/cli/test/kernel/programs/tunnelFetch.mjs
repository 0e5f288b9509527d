// Requests a URL several times at once over a tunnel of its own, and prints the length and SHA-256 of each answer:
// ROUTER URL TIMES
import { createHash } from 'node:crypto';
import { get } from 'node:http';
import { openTunnel } from '@6bed4/node';

const [router, url, times] = process.argv.slice(2);
const tunnel = await openTunnel({ routers: router });

function request() {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const createConnection = () => tunnel.connect(Number(port), hostname.slice(1, -1));
    get(url, { createConnection }, (response) => {
      const hash = createHash('sha256');
      let bytes = 0;
      response.on('data', (piece) => {
        bytes += piece.length;
        hash.update(piece);
      });
      response.on('end', () => resolve({ bytes, sha256: hash.digest('hex') }));
      response.on('error', reject);
    }).on('error', reject);
  });
}

console.log(JSON.stringify(await Promise.all(Array.from({ length: Number(times) }, request))));
await tunnel.close();
