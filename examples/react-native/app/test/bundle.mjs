/**
 * Bundles with Metro, in the folder of an app: `node bundle.mjs JOBS`, JOBS being a JSON array of
 * `{ entry, platform, out, fakes, minify }`. With `fakes`, the fakes take the place of what needs a phone.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { argv, cwd } from 'node:process';
import Metro from 'metro';

const root = cwd();
const require = createRequire(join(root, 'index.js'));
const config = await Metro.loadConfig({ cwd: root, config: join(root, 'metro.config.js') });
const quiet = { ...config, reporter: { update: () => undefined }, maxWorkers: 1 };

const FAKES = {
  'react-native': join(root, 'test', 'fake', 'react-native.ts'),
  '@react-native-community/netinfo': join(root, 'test', 'fake', 'netinfo.ts'),
};

/** The configuration of an app that has an engine and nothing else of React Native. */
const withoutPhone = {
  ...quiet,
  resolver: {
    ...quiet.resolver,
    resolveRequest: (context, name, platform) =>
      name in FAKES
        ? { type: 'sourceFile', filePath: FAKES[name] }
        : context.resolveRequest(context, name, platform),
  },
  serializer: {
    ...quiet.serializer,
    getModulesRunBeforeMainModule: () => [],
    getPolyfills: () => [],
  },
};

for (const { entry, platform, out, fakes, minify } of JSON.parse(argv[2])) {
  await Metro.runBuild(fakes ? withoutPhone : quiet, {
    entry: require.resolve(`./${entry}`),
    out,
    platform,
    minify,
    dev: false,
  });
}
