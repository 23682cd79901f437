import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { InputError } from "../../base/index.ts";
import type { DatasetDefinition } from "../definition.ts";
import { listClasses, listFolder, type SplitLists, sameClasses } from "./folder.ts";
import type { ImageEntry, ImageList } from "./image-list.ts";
import { valClasses } from "./imagenet-val-classes.ts";
import { fileLike, folderMembers, type Member } from "./members.ts";
import { tarMembers } from "./tar-members.ts";

const trainTar = "ILSVRC2012_img_train.tar";
const valTar = "ILSVRC2012_img_val.tar";

/** md5 sums as torchvision states them. */
export const imagenet: DatasetDefinition = {
  name: "imagenet",
  title: "ImageNet",
  description: "1,281,167 + 50,000 colour photos of 1,000 classes (ILSVRC 2012; val is the test split)",
  classCount: 1000,
  licence: "ImageNet's terms: non-commercial research and education; after registration",
  homepage: "https://image-net.org/challenges/LSVRC/2012/",
  folders: ["ILSVRC2012", "ILSVRC", "ILSVRC/Data/CLS-LOC", "imagenet/ILSVRC/Data/CLS-LOC"],
  files: [
    { name: trainTar, split: "train", bytes: 147_897_477_120, md5: "1d675b47d978889d74fa0da5fadfb00e" },
    { name: valTar, split: "test", bytes: 6_744_924_160, md5: "29b22e2961454d5413ddabcf34fc5622" },
  ],
  // Behind a registration.
  sources: [],
  find(folder) {
    if (existsSync(join(folder, trainTar))) return join(folder, trainTar);
    const train = join(folder, "train");
    return existsSync(train) && fileLike(train, /^n\d{8}$/) ? folder : undefined;
  },
  list: async (path) => (path.endsWith(".tar") ? listTars(path) : listUnpacked(path)),
};

/** The train tar has a tar for each class. Beside it lie the val tar, or a folder val, and what tells val's classes. */
async function listTars(path: string): Promise<SplitLists> {
  const entries: ImageEntry[] = [];
  const inner = (await tarMembers(path)).filter(({ name }) => /^n\d{8}\.tar$/.test(name));
  inner.sort((a, b) => (a.name < b.name ? -1 : 1));
  const classes = inner.map(({ name }) => name.slice(0, -".tar".length));
  if (classes.length < 2)
    throw new InputError(`${path}: expected a tar for each class (n01440764.tar), got ${classes.length}`);
  for (const [label, member] of inner.entries())
    for (const image of await tarMembers(path, member)) entries.push({ ...image, label });
  const train = { where: path, classes, entries, notes: [] };
  const folder = dirname(path);
  const val = existsSync(join(folder, valTar)) ? await tarMembers(join(folder, valTar)) : undefined;
  return { train, test: await listVal(folder, val, classes) };
}

async function listUnpacked(folder: string): Promise<SplitLists> {
  const flat = fileLike(join(folder, "val"), /\.jpe?g$/i) !== undefined;
  if (!flat) return listFolder(folder);
  const train = await listClasses(join(folder, "train"));
  return { train, test: await listVal(folder, await folderMembers(join(folder, "val")), train.classes) };
}

/** The validation images: sorted into classes, or flat with a file that names the classes. */
async function listVal(
  folder: string,
  flat: readonly Member[] | undefined,
  classes: readonly string[],
): Promise<ImageList> {
  if (!flat) {
    const test = await listClasses(join(folder, "val"));
    sameClasses(folder, { train: { ...test, classes }, test });
    return test;
  }
  const images = flat.filter(({ name }) => /\.jpe?g$/i.test(name)).sort((a, b) => (a.name < b.name ? -1 : 1));
  const wnids = await valClasses(folder, images);
  const labelOf = new Map(classes.map((wnid, label) => [wnid, label]));
  const entries = images.map((image, i) => {
    const label = labelOf.get(wnids[i] ?? "");
    if (label === undefined)
      throw new InputError(`${folder}: ${image.name}: expected a class that train has, got ${wnids[i] ?? "none"}`);
    return { ...image, label };
  });
  return { where: join(folder, "val"), classes, entries, notes: [] };
}
