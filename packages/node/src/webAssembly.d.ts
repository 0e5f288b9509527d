/** Memory of WebAssembly. */
interface WebAssemblyMemory {
  readonly buffer: ArrayBuffer;
}

/** A function that one module of WebAssembly exports and another imports. */
type WebAssemblyFunction = (...numbers: number[]) => number;

/** A compiled module of WebAssembly. */
interface WebAssemblyModule {
  readonly [Symbol.toStringTag]: string;
}

/** The part of the WebAssembly JavaScript interface that is used here; the types of Node.js do not have it. */
declare const WebAssembly: {
  /** Sizes are in pages of 64 KB. */
  readonly Memory: new (sizes: {
    readonly initial: number;
    readonly maximum: number;
  }) => WebAssemblyMemory;

  readonly Module: new (bytes: Uint8Array) => WebAssemblyModule;

  readonly Instance: new (
    module: WebAssemblyModule,
    imports: Readonly<
      Record<string, Readonly<Record<string, WebAssemblyMemory | WebAssemblyFunction>>>
    >,
  ) => { readonly exports: unknown };
};
