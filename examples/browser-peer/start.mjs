// Router, gateway, another peer and the page, all on loopback: `npm start`, and open the link.
import { startLoopback } from './loopback.mjs';
import { servePage } from './servePage.mjs';

const { origin } = await servePage(Number(process.env.PORT ?? 0));
const { gatewayUrl, address } = await startLoopback({ origin });
const wishes = new URLSearchParams({ gateway: gatewayUrl, remote: address, port: '80' });
console.log(`a peer on this computer serves a text at http://[${address}]/`);
console.log(`open ${origin}/#${wishes} (stop with Ctrl-C)`);
