import { readFileSync, writeFileSync } from 'node:fs';

let s = readFileSync('sockets.mjs', 'utf8');
s = s.slice(0, s.indexOf('const results = [];\nif'));
s += `
const c = process.env.WHICH === 'plain' ? await plain() : process.env.WHICH==='router' ? await tunnelled('x', {policy:'prohibited'}) : await tunnelled('x', {});
let t=0,n=0; for (let i=0;i<20;i++){const {rate,cost}=await measure(c.pair); if(i>4){t+=cost;n++}}
console.log(process.env.WHICH, (t/n).toFixed(2),'us'); await c.close(); process.exit()`;
writeFileSync('prof2.mjs', s);
