import { join } from "node:path";
import { writeWhole } from "../../src/base/index.ts";
import { bytesOf, type LabelledImages, threeBy32 } from "../../src/datasets/index.ts";
import { syntheticImages } from "./synthetic-images.ts";

/** The images of the study line: a colour domain in CIFAR-10's place and a grey one in MNIST's. */
export interface Domains {
  readonly train: LabelledImages;
  readonly test: LabelledImages;
  /** The target's training file. */
  readonly target: LabelledImages;
}

interface Sizes {
  readonly train: number;
  readonly test: number;
  readonly target: number;
}

export function studyDomains({ train, test, target }: Sizes): Domains {
  return {
    train: syntheticImages(train, 1),
    test: syntheticImages(test, 1),
    target: grey(syntheticImages(target, 2)),
  };
}

/** Writes the domains as files of CIFAR-10 and MNIST, which a study then reads as it reads the real ones. */
export async function writeDomains(folder: string, { train, test, target }: Domains): Promise<void> {
  const perFile = Math.ceil(train.labels.length / 5);
  for (let file = 0; file < 5; file++)
    await writeWhole(join(folder, `data_batch_${file + 1}.bin`), cifar10Records(train, file * perFile, perFile));
  await writeWhole(join(folder, "test_batch.bin"), cifar10Records(test, 0, test.labels.length));
  for (const split of ["train", "t10k"]) {
    const n = target.labels.length;
    await writeWhole(join(folder, `${split}-images-idx3-ubyte`), idx([n, 32, 32], firstChannel(target)));
    await writeWhole(join(folder, `${split}-labels-idx1-ubyte`), idx([n], Uint8Array.from(target.labels)));
  }
}

/** Records of CIFAR-10's binary form: the label, then the planes of red, green and blue. */
function cifar10Records(images: LabelledImages, from: number, count: number): Uint8Array {
  const { labels } = images;
  const bytes = bytesOf(images);
  const end = Math.min(labels.length, from + count);
  const records = [];
  for (let i = from; i < end; i++) records.push([labels[i] ?? 0], bytes.subarray(i * 3072, (i + 1) * 3072));
  return Buffer.concat(records.map((part) => Uint8Array.from(part)));
}

/** An idx file of unsigned bytes: 0, 0, the type 8, the rank, the lengths in big-endian, the data. */
function idx(shape: readonly number[], data: Uint8Array): Uint8Array {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.set([0, 0, 8, shape.length]);
  shape.forEach((length, i) => {
    header.writeUInt32BE(length, 4 + 4 * i);
  });
  return Buffer.concat([header, data]);
}

function firstChannel(images: LabelledImages): Uint8Array {
  const bytes = bytesOf(images);
  return Buffer.concat(Array.from(images.labels, (_, i) => bytes.subarray(i * 3072, i * 3072 + 1024)));
}

/** As the reader of MNIST gives them: one channel, three times. */
function grey(images: LabelledImages): LabelledImages {
  const { labels, classes } = images;
  return { ...threeBy32({ pixels: firstChannel(images), shape: [labels.length, 1, 32, 32] }), labels, classes };
}
