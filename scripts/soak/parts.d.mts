/** One part of a soak. */
export interface SoakPart {
  readonly title: string;
  /** What vitest is told to run. */
  readonly arguments: readonly string[];
  /** Variables by which its tests know for how long to run. */
  environment(options: { readonly hours: number; readonly seed: number }): Record<string, string>;
  /** Whether its tests write no report of their own. */
  readonly hasNoReport?: true;
}

export declare const PARTS: Readonly<Record<'sim' | 'tcp' | 'real', SoakPart>>;
