import { join } from "node:path";
import { InputError } from "../../base/index.ts";
import type { ImageEntry, ImageList } from "./image-list.ts";
import { entriesOf, folderMembers } from "./members.ts";

/** Either a list for each split, or one list that has yet to be split. */
export type SplitLists = { readonly train: ImageList; readonly test: ImageList } | { readonly all: ImageList };

/** Names of subfolders that are splits and not classes; of several test folders the first is taken. */
const trainNames = ["train", "training"];
const testNames = ["test", "val", "valid", "validation"];

export const imageName = /\.(jpe?g|png|webp)$/i;

/**
 * A folder of images whose subfolders are the classes, sorted by name, each with its images at any depth; or a folder with
 * two such folders, `train` and `test` (or `val`). Files of other kinds are counted in the notes.
 *
 * Throws InputError when there is no such folder, no class or only one, a class without images, when images lie beside
 * the classes, and when train and test have other classes (both sides are listed).
 */
export async function listFolder(folder: string): Promise<SplitLists> {
  const names = (await entriesOf(folder)).filter(({ isFolder }) => isFolder).map(({ name }) => name);
  const [train] = trainNames.filter((name) => names.includes(name));
  const [test, ...others] = testNames.filter((name) => names.includes(name));
  if (train === undefined && test === undefined) return { all: await listClasses(folder) };
  if (train === undefined || test === undefined)
    throw new InputError(
      `${folder}: expected train and test (or val) beside each other, or only classes, got ${train ?? test} alone`,
    );
  const lists = { train: await listClasses(join(folder, train)), test: await listClasses(join(folder, test)) };
  sameClasses(folder, lists);
  const note = others.map((name) => `${name} is not used, for ${test} is the test split`);
  return { ...lists, test: { ...lists.test, notes: [...lists.test.notes, ...note] } };
}

/** The classes of one folder and all their images. */
export async function listClasses(folder: string): Promise<ImageList> {
  const inside = await entriesOf(folder);
  const classes = inside.filter(({ isFolder }) => isFolder).map(({ name }) => name);
  const loose = inside.filter(({ name, isFolder }) => !isFolder && imageName.test(name)).length;
  if (classes.length < 2)
    throw new InputError(
      `${folder}: expected a subfolder for each of two or more classes, got ${classes.join(", ") || "none"}` +
        (loose > 0 ? ` and ${loose} images beside` : ""),
    );
  if (loose > 0)
    throw new InputError(`${folder}: expected images in the subfolders of classes, got ${loose} beside them`);
  const entries: ImageEntry[] = [];
  const empty: string[] = [];
  const notes: string[] = [];
  for (const [label, name] of classes.entries()) {
    const files = await folderMembers(join(folder, name), `${name}/`);
    const images = files.filter((file) => imageName.test(file.name));
    if (images.length === 0) empty.push(name);
    if (files.length > images.length)
      notes.push(
        `${name}: ${files.length - images.length} files are no .jpg, .jpeg, .png or .webp and were left aside`,
      );
    for (const image of images) entries.push({ ...image, label });
  }
  if (empty.length > 0)
    throw new InputError(
      `${folder}: expected images (.jpg, .jpeg, .png, .webp) in each class, got none in ${named(empty)}`,
    );
  return { where: folder, classes, entries, notes };
}

/** Throws InputError, listing both sides, when two splits have other classes. */
export function sameClasses(
  where: string,
  { train, test }: { readonly train: ImageList; readonly test: ImageList },
): void {
  const missing = (from: ImageList, within: ImageList) => from.classes.filter((name) => !within.classes.includes(name));
  const [onlyTrain, onlyTest] = [missing(train, test), missing(test, train)];
  if (onlyTrain.length + onlyTest.length > 0)
    throw new InputError(
      `${where}: expected the same classes in train and test, got only in train: ${named(onlyTrain)}; only in test: ${named(onlyTest)}`,
    );
}

/** The first ten names, and how many more. */
export function named(names: readonly string[]): string {
  if (names.length === 0) return "none";
  const more = names.length - 10;
  return `${names.slice(0, 10).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
