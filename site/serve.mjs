// Serves the built site, under a path as on Pages: `node serve.mjs`, with PORT and BASE (by default /).
import { fileURLToPath } from 'node:url';
import { serveFolder } from './server.mjs';

const { url } = await serveFolder(fileURLToPath(new URL('dist', import.meta.url)), {
  base: process.env.BASE ?? '/',
  port: Number(process.env.PORT ?? 0),
});
console.log(`open ${url} (stop with Ctrl-C)`);
