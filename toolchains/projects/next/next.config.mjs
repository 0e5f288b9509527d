export default {
  serverExternalPackages: ['@6bed4/node'],
  // Only for this test, whose packages are beside it.
  turbopack: { root: process.env.SIXBED4_ROOT },
};
