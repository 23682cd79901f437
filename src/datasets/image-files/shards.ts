import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { InputError, readWhole } from "../../base/index.ts";
import { named, type SplitLists } from "./folder.ts";
import type { ImageEntry, ImageList } from "./image-list.ts";
import { entriesOf, openArchive, readRange } from "./members.ts";
import { tarMembers } from "./tar-members.ts";

/**
 * A folder of WebDataset shards: tars in which the files of a sample share their name up to its first dot, the image as
 * .jpg, .jpeg, .png or .webp and its class as a number in .cls. Shards whose names begin with `train` and with `test` or
 * `val` are these splits; else all are one set. `classes.txt`, a name a line, names the classes, which are numbers
 * otherwise.
 *
 * Throws InputError for samples that lack one of the two files, and for a class that is no number or has no name.
 */
export async function listShards(folder: string): Promise<SplitLists> {
  const shards = (await entriesOf(folder)).filter(({ name }) => /\.tar$/i.test(name)).map(({ path }) => path);
  const beginning = (pattern: RegExp) => shards.filter((path) => pattern.test(basename(path)));
  const [train, test] = [beginning(/^train/i), beginning(/^(test|val)/i)];
  const split = train.length > 0 && test.length > 0 && train.length + test.length === shards.length;
  const sets = await Promise.all((split ? [train, test] : [shards]).map((paths) => samplesOf(paths)));
  const classes = await classesOf(folder, sets.flat());
  const list = (entries: readonly ImageEntry[] = []): ImageList => ({ where: folder, classes, entries, notes: [] });
  return split ? { train: list(sets[0]), test: list(sets[1]) } : { all: list(sets[0]) };
}

/** Whether a folder is one of shards. */
export const hasShards = async (folder: string): Promise<boolean> =>
  (await entriesOf(folder)).some(({ name, isFolder }) => !isFolder && /\.tar$/i.test(name));

async function samplesOf(shards: readonly string[]): Promise<ImageEntry[]> {
  const entries: ImageEntry[] = [];
  for (const shard of shards) {
    const samples = new Map<string, { image?: ImageEntry; label?: number }>();
    const archive = openArchive(shard);
    try {
      for (const member of await tarMembers(shard)) {
        const [, key, extension] = /^((?:.*\/)?[^/.]+)\.([^/]+)$/.exec(member.name) ?? [];
        if (key === undefined || extension === undefined || !member.range) continue;
        const sample = samples.get(key) ?? {};
        if (/^(jpe?g|png|webp)$/i.test(extension))
          sample.image = { ...member, name: `${basename(shard)}/${member.name}`, label: -1 };
        else if (extension === "cls") {
          const text = Buffer.from(readRange(archive, member.range)).toString("utf8").trim();
          if (!/^\d+$/.test(text))
            throw new InputError(
              `${shard}: ${member.name}: expected a class as a whole number, got "${text.slice(0, 20)}"`,
            );
          sample.label = Number(text);
        } else continue;
        samples.set(key, sample);
      }
    } finally {
      archive.close();
    }
    const halves = [...samples].filter(([, { image, label }]) => image === undefined || label === undefined);
    if (halves.length > 0)
      throw new InputError(
        `${shard}: expected an image and a .cls of each sample, got one of the two of ${named(halves.map(([key]) => key))}`,
      );
    for (const { image, label } of samples.values())
      if (image && label !== undefined) entries.push({ ...image, label });
  }
  return entries;
}

async function classesOf(folder: string, entries: readonly ImageEntry[]): Promise<string[]> {
  const count = entries.reduce((most, { label }) => Math.max(most, label), -1) + 1;
  const path = join(folder, "classes.txt");
  if (!existsSync(path)) {
    if (count < 2) throw new InputError(`${folder}: expected images of two or more classes, got ${count}`);
    return Array.from({ length: count }, (_, label) => String(label));
  }
  const names = Buffer.from(await readWhole(path))
    .toString("utf8")
    .trim()
    .split(/\r?\n/);
  if (names.length < count) throw new InputError(`${path}: expected ${count} names, one a class, got ${names.length}`);
  return names;
}
