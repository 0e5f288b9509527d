/** What an archive of npm holds. */
export interface Archive {
  readonly path: string;
  readonly manifest: {
    readonly name: string;
    readonly version: string;
    readonly private?: boolean;
    readonly license?: string;
    readonly dependencies?: Readonly<Record<string, string>>;
  };
  /** The text of a file; empty without it. */
  text(file: string): string;
  readonly files: readonly string[];
  /** Bytes, compressed. */
  readonly size: number;
  /** Bytes of all files. */
  readonly unpacked: number;
  readonly integrity: string;
  /** The tag under which npm finds it. */
  readonly tag: string;
}

/** Reads an archive. */
export function readArchive(path: string): Archive;

/** The part of a changelog about a version; empty without one. */
export function changesOf(text: string, version: string): string;

/** Everything that is wrong with an archive; `versions` are those of all packages by their names. */
export function faultsOf(
  archive: Archive,
  folder: string,
  versions: Readonly<Record<string, string>>,
): string[];

/** The archives in an order in which each comes after those that it depends on. */
export function inOrder(archives: readonly Archive[]): Archive[];
