/** A file of WebAssembly text, which the build assembles: the binary in base64. */
declare module '*.wat' {
  const binary: string;
  export default binary;
}
