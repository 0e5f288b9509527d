import { context } from 'esbuild';
import { options } from './bundle.mjs';

const { hosts, port } = await (await context(options)).serve({
  host: '127.0.0.1',
  port: Number(process.env.PORT ?? 0),
  servedir: options.outdir,
});
console.log(`open http://${hosts[0]}:${port}/ (stop with Ctrl-C)`);
