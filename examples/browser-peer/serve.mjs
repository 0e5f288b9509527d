// Serves the page alone, for a gateway elsewhere.
import { servePage } from './servePage.mjs';

const { origin } = await servePage(Number(process.env.PORT ?? 0));
console.log(`open ${origin}/ (stop with Ctrl-C)`);
console.log(`the gateway has to allow pages of ${origin}: --allow-origin ${origin}`);
