import { join } from "node:path";
import { augmentations, contactSheet, encodePng } from "../augmentations/index.ts";
import { choose, InputError, writeWhole } from "../base/index.ts";
import { datasets, gather, type LabelledImages, loadDataset } from "../datasets/index.ts";
import { fontFamily, wrapText } from "../figures/font.ts";
import { renderPng } from "../figures/index.ts";
import { methodKind } from "../studies/index.ts";
import type { Folders } from "./folders.ts";

export interface PreviewOptions extends Folders {
  readonly folder: string;
  /** Whose training images are shown; only what is on this machine is read. */
  readonly dataset: string;
}

const zoom = 4;
const lineHeight = 17;
const textSize = 13;

/**
 * Writes `folder`/`kind`.png: a few images of a dataset as they are and under each strength of the kind's default sweep,
 * a column each with its strength above. Returns the file's path. Throws InputError when the kind is no augmentation or
 * the images are not at hand.
 */
export async function writePreview(kind: string, { folder, dataset, ...folders }: PreviewOptions): Promise<string> {
  const { adds, label, unit, sweep } = methodKind("methods", kind);
  if (adds !== "augmentation")
    throw new InputError(
      `methods: --preview: expected an augmentation (${Object.keys(augmentations).join(", ")}), got "${kind}", which changes no images by itself`,
    );
  const images = ofDifferentClasses(await atHand(dataset, folders), 4);
  const sheet = contactSheet(kind, images, sweep, { zoom });
  const title = wrapText(`${label}: ${unit}`, sheet.width - 12, textSize);
  const header = lineHeight * (title.length + 1) + 6;
  const text = (x: number, line: number, anchor: string, words: string) =>
    `<text x="${x}" y="${lineHeight * line}" text-anchor="${anchor}">${words}</text>`;
  const names = sheet.columns.map(({ strength, left, width }) =>
    text(left + width / 2, title.length + 1, "middle", strength === undefined ? "as it is" : String(strength)),
  );
  const picture = Buffer.from(await encodePng(sheet)).toString("base64");
  const svg = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${sheet.width}" height="${header + sheet.height}">`,
    `<rect width="100%" height="100%" fill="white"/><g font-family="${fontFamily}" font-size="${textSize}">`,
    ...title.map((line, i) => text(6, i + 1, "start", line)),
    ...names,
    `</g><image x="0" y="${header}" width="${sheet.width}" height="${sheet.height}" image-rendering="optimizeSpeed" href="data:image/png;base64,${picture}"/></svg>`,
  ];
  const path = join(folder, `${kind}.png`);
  await writeWhole(path, await renderPng(svg.join(""), 1));
  return path;
}

async function atHand(dataset: string, folders: Folders): Promise<LabelledImages> {
  choose("methods: --dataset", dataset, datasets);
  try {
    return await loadDataset(dataset, "train", { ...folders, offline: true });
  } catch (cause) {
    if (!(cause instanceof InputError)) throw cause;
    throw new InputError(
      `methods: --preview: ${cause.message}; carryover datasets fetch ${dataset} gets them, --dataset names others`,
      { cause },
    );
  }
}

/** The first image of each of the first `count` classes that come. */
function ofDifferentClasses(data: LabelledImages, count: number): LabelledImages {
  const first = new Map<number, number>();
  for (const [i, label] of data.labels.entries()) {
    if (!first.has(label)) first.set(label, i);
    if (first.size === count) break;
  }
  return gather(data, [...first.values()]);
}
