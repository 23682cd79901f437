/** A part of a file: a member of an archive. */
export interface ByteRange {
  readonly offset: number;
  /** As stored. */
  readonly bytes: number;
  /** Whether it is deflated, as members of a zip are. */
  readonly deflated?: boolean;
}

/** An image that is still a file, or a member of an archive. */
export interface ImageEntry {
  /** How it is named to people: its path within the dataset. */
  readonly name: string;
  /** Indexes the classes. */
  readonly label: number;
  readonly file: string;
  readonly range?: ByteRange;
}

/** A dataset, or a split of one, as a list of encoded images, in an order that the names alone decide. */
export interface ImageList {
  /** What messages begin with: the folder or the file that the list was made from. */
  readonly where: string;
  readonly classes: readonly string[];
  readonly entries: readonly ImageEntry[];
  /** What was left aside, in words. */
  readonly notes: readonly string[];
}
