// What only works on Node.js, in a page by mistake.
import { openTunnel } from '@6bed4/node';

globalThis.shown = openTunnel({ routers: '192.0.2.1' });
