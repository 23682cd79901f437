import { basename, dirname, resolve } from "node:path";
import { InputError, identity, permutation, randomStream, seedFor } from "../../base/index.ts";
import type { DatasetOptions, SplitName } from "../definition.ts";
import { gather } from "../images.ts";
import type { Dataset, Provenance } from "../load.ts";
import { decodedList } from "./decoded-cache.ts";
import { listFolder, named, type SplitLists } from "./folder.ts";
import type { ImageList } from "./image-list.ts";

/** What decides how a list of images is loaded. */
export type ImageOptions = Pick<
  DatasetOptions,
  "cacheDir" | "side" | "skipCorrupt" | "threads" | "onProgress" | "signal"
>;

/**
 * One split of a folder of images (JPEG, PNG, WebP; grey, CMYK and mixed sizes welcome) whose subfolders are the classes:
 * `images` [n, 3, side, side] uint8 in `pixels`, which reads them from a decoded file in `cacheDir` (`gather` and `toFloat`
 * take it as they take pixels in memory), `labels` [n] indexing `classes`, the subfolders' names in order.
 *
 * With subfolders `train` and `test` (or `val`) these are the splits; without them a fifth of each class, at least one
 * image, is the test split, drawn by the images' names, always the same. Every image is resized so that its shorter side
 * is `side` long, by default 32, and cropped to the middle square (`fitSquare`).
 *
 * Throws InputError for a folder that is none, classes that are missing or have one image, classes that differ between
 * the splits, and for images that cannot be decoded, unless `skipCorrupt` leaves them out, which the provenance then tells.
 */
export async function loadImageFolder(folder: string, split: SplitName, options: ImageOptions): Promise<Dataset> {
  const path = resolve(folder);
  return loadSplit(basename(path), await listFolder(path), split, options);
}

/** A loaded split, and what is to be said of it beside where it came from. */
interface ListedSplit extends Dataset {
  readonly provenance: Provenance & { readonly notes: readonly string[] };
}

/** One split of image lists as a dataset of that name. */
export async function loadSplit(
  name: string,
  lists: SplitLists,
  split: SplitName,
  options: ImageOptions,
): Promise<ListedSplit> {
  const { side = 32, onProgress, skipCorrupt = false } = options;
  const list = "all" in lists ? lists.all : lists[split];
  const { pixels, corrupt, digest } = await decodedList(list, {
    ...options,
    side,
    onProgress: (bytes, total) =>
      onProgress?.({ dataset: name, stage: "decode", source: list.where, file: list.where, bytes, total }),
  });
  const damaged = corrupt.map(({ index, reason }) => `${list.entries[index]?.name} (${reason})`);
  if (damaged.length > 0 && !skipCorrupt)
    throw new InputError(
      `${list.where}: expected images that can be decoded, got ${damaged.length} of ${list.entries.length} that cannot: ` +
        `${named(damaged)}; --skip-corrupt leaves them out`,
    );
  const left = new Set(corrupt.map(({ index }) => index));
  const kept = list.entries.map((_, index) => index).filter((index) => !left.has(index));
  checkClasses(list, kept);
  const chosen = "all" in lists ? splitFifth(list, kept, split) : kept;
  const whole = {
    pixels,
    shape: [list.entries.length, 3, side, side] as const,
    labels: Int32Array.from(list.entries, ({ label }) => label),
    classes: list.classes,
  };
  const notes = [...list.notes, ...(damaged.length > 0 ? [`left out as damaged: ${named(damaged)}`] : [])];
  return {
    ...gather(whole, chosen),
    name,
    split,
    provenance: {
      official: false,
      note: [`${list.classes.length} classes of images of your own`, ...notes].join("; "),
      notes,
      // Digests of files cover their labels; that of decoded pixels does not.
      digest: identity({ pixels: digest, classes: list.classes, labels: list.entries.map(({ label }) => label) }),
      folder: list.entries[0]?.range ? dirname(list.where) : list.where,
    },
  };
}

/** Every class must have an image. */
function checkClasses({ where, classes, entries }: ImageList, kept: readonly number[]): void {
  const there = new Set(kept.map((index) => entries[index]?.label));
  const empty = classes.filter((_, label) => !there.has(label));
  if (empty.length > 0) throw new InputError(`${where}: expected images of each class, got none of ${named(empty)}`);
}

/** The places of one split where the folder names none: a fifth of each class, at least one, is for the test. */
function splitFifth({ where, classes, entries }: ImageList, kept: readonly number[], split: SplitName): number[] {
  const chosen: number[] = [];
  const single: string[] = [];
  const byClass = Map.groupBy(kept, (index) => entries[index]?.label ?? -1);
  for (const [label, members] of byClass) {
    if (members.length < 2) single.push(classes[label] ?? String(label));
    const order = permutation(members.length, randomStream(seedFor(0, "fifth", classes[label] ?? "")));
    const test = Math.max(1, Math.round(members.length / 5));
    const places = split === "test" ? order.subarray(0, test) : order.subarray(test);
    for (const place of places) chosen.push(members[place] ?? 0);
  }
  if (single.length > 0)
    throw new InputError(
      `${where}: expected at least 2 images of each class, one to train with and one to test, got 1 of ${named(single)}`,
    );
  return chosen.sort((a, b) => a - b);
}
