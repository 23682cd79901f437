import { InputError, randomStream, seedFor } from "../../base/index.ts";
import { gather, type LabelledImages, stratifiedOrder, testSubset } from "../../datasets/index.ts";
import { foldersFor } from "../folders.ts";
import { loadImages } from "../load-images.ts";
import { downloadReporter } from "../progress/downloads.ts";

/** A target's images at the side that a model looks at. */
export interface Target {
  readonly name: string;
  readonly train: LabelledImages;
  readonly validation: LabelledImages;
  readonly test: LabelledImages;
  /** What was done to the images, and what was left aside. */
  readonly notes: readonly string[];
  readonly digest: string;
}

export interface TargetRequest {
  readonly target: string;
  readonly train?: number;
  readonly test?: number;
  readonly seed: number;
  readonly skipCorrupt?: boolean;
  readonly data?: readonly string[];
}

/** A folder of the user's own where there is one of that path, else a dataset by its name. */
export async function loadTarget(request: TargetRequest, side: number): Promise<Target> {
  const { target, seed, skipCorrupt, data } = request;
  const downloads = downloadReporter(false);
  const options = { ...foldersFor(data, skipCorrupt), side, onProgress: downloads.progress };
  try {
    const train = await loadImages("--target", target, "train", options);
    const test = await loadImages("--target", target, "test", options);
    const taken = most("--train", request.train, train.shape[0]);
    const some = gather(train, stratifiedOrder(train.labels, seedFor(seed, "transfer", "train")).slice(0, taken));
    const { held, rest } = holdOut(some, seed);
    const tested = most("--test", request.test, test.shape[0]);
    return {
      name: train.name,
      train: gather(some, rest),
      validation: gather(some, held),
      test: gather(test, testSubset(test.labels, { test: tested, seed })),
      notes: [
        `Images are ${side} x ${side}: others are resized so that the shorter side fits (bilinear, antialiased), then cropped to the middle.`,
        ...train.provenance.note.split("; ").map((note) => `${note[0]?.toUpperCase()}${note.slice(1)}.`),
      ],
      digest: train.provenance.digest,
    };
  } finally {
    downloads.done();
  }
}

function most(option: string, asked: number | undefined, there: number): number {
  if (asked !== undefined && asked > there)
    throw new InputError(`${option}: expected at most ${there} images, as many as there are, got ${asked}`);
  return asked ?? there;
}

/**
 * A fifth of each class, rounded, is held out to choose the head's penalty, and every class keeps an image to train with.
 * Throws InputError when no class has two training images, or one has none.
 */
function holdOut({ labels, classes }: LabelledImages, seed: number): { held: Uint32Array; rest: Uint32Array } {
  const stream = randomStream(seedFor(seed, "transfer", "held out"));
  const chance = Float64Array.from(labels, () => stream.uniform());
  const members = Map.groupBy(labels.keys(), (i) => labels[i] ?? 0);
  const absent = classes.filter((_, label) => !members.has(label));
  if (absent.length > 0)
    throw new InputError(
      `target: expected a training image of each class, got none of ${absent.slice(0, 10).join(", ")}${absent.length > 10 ? ` and ${absent.length - 10} more` : ""}`,
    );
  const held = new Set<number>();
  for (const list of members.values()) {
    const count = Math.min(list.length - 1, Math.max(list.length > 2 ? 1 : 0, Math.round(list.length / 5)));
    for (const i of list.toSorted((a, b) => (chance[a] ?? 0) - (chance[b] ?? 0)).slice(0, count)) held.add(i);
  }
  if (held.size === 0)
    throw new InputError(
      "target: expected a class with three or more training images, so that a penalty can be chosen, got none",
    );
  const all = [...labels.keys()];
  return {
    held: Uint32Array.from(all.filter((i) => held.has(i))),
    rest: Uint32Array.from(all.filter((i) => !held.has(i))),
  };
}
