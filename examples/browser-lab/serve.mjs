// Serves the page, and anew when a file changes.
import { servePage } from '@6bed4/example-browser-peer/servePage.mjs';

const here = new URL('.', import.meta.url);
const { origin } = await servePage(Number(process.env.PORT ?? 0), here);
console.log(`open ${origin}/ (stop with Ctrl-C)`);
