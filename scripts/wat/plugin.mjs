import { readFile } from 'node:fs/promises';
import loadAssembler from 'wabt';

const WAT = /\.wat$/;

/** Assembles WebAssembly text into a JavaScript module, whose default export is the binary in base64. */
async function assembled(path) {
  const assembler = await loadAssembler();
  const parsed = assembler.parseWat(path, await readFile(path, 'utf8'), { simd: true });
  try {
    parsed.validate();
    const { buffer } = parsed.toBinary({});
    return `export default '${Buffer.from(buffer).toString('base64')}';\n`;
  } finally {
    parsed.destroy();
  }
}

export const watForEsbuild = {
  name: 'wat',
  setup({ onLoad }) {
    onLoad({ filter: WAT }, async ({ path }) => {
      return { contents: await assembled(path), loader: 'js' };
    });
  },
};

export const watForVite = {
  name: 'wat',
  enforce: 'pre',
  load: (path) => (WAT.test(path) ? assembled(path) : null),
};
