import type { DataFile } from "./definition.ts";

/** What tells one dataset's file from another's of the same form. */
interface Checksums {
  /** Of the unpacked file. */
  readonly md5: string;
  readonly gzip: { readonly bytes: number; readonly md5: string };
}

/** The four idx files of MNIST and of those made in its form, 60,000 + 10,000 images of 28 x 28. */
export const mnistFiles = (checksums: {
  readonly trainImages: Checksums;
  readonly trainLabels: Checksums;
  readonly testImages: Checksums;
  readonly testLabels: Checksums;
}): readonly DataFile[] => [
  { name: "train-images-idx3-ubyte", split: "train", bytes: 47_040_016, ...checksums.trainImages },
  { name: "train-labels-idx1-ubyte", split: "train", bytes: 60_008, ...checksums.trainLabels },
  { name: "t10k-images-idx3-ubyte", split: "test", bytes: 7_840_016, ...checksums.testImages },
  { name: "t10k-labels-idx1-ubyte", split: "test", bytes: 10_008, ...checksums.testLabels },
];
