import { existsSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../../base/index.ts";
import type { DatasetDefinition } from "../definition.ts";
import { membersOf } from "./archive-members.ts";
import { named, type SplitLists } from "./folder.ts";
import type { ImageEntry } from "./image-list.ts";
import { fileLike, type Member, readMember } from "./members.ts";

/** size and md5 as several loaders state them; the site gives none. The test images have no public labels. */
export const tinyImagenet: DatasetDefinition = {
  name: "tiny-imagenet",
  title: "Tiny-ImageNet-200",
  description: "100,000 + 10,000 colour photos of 200 of ImageNet's classes, 64 x 64 (val is the test split)",
  classCount: 200,
  licence: "ImageNet's terms: non-commercial research and education",
  homepage: "http://cs231n.stanford.edu/",
  folders: ["tiny-imagenet-200", "tiny-imagenet/tiny-imagenet-200"],
  files: [
    { name: "tiny-imagenet-200.zip", split: "train", bytes: 248_100_043, md5: "90528d7ca1a48142e341f4ef8d21d0de" },
  ],
  sources: [{ kind: "files", base: "http://cs231n.stanford.edu/" }],
  find: (folder) =>
    existsSync(join(folder, "wnids.txt")) && existsSync(join(folder, "train"))
      ? folder
      : fileLike(folder, /^tiny-imagenet-200.*\.(zip|tar|tgz|tar\.gz)$/i),
  list: async (path, { cacheDir }) => listTinyImagenet(path, await membersOf(path, cacheDir)),
};

/** `train/<wnid>/images/*.JPEG`, and `val/images/*.JPEG` with `val/val_annotations.txt` (file, wnid, box). */
export function listTinyImagenet(where: string, members: readonly Member[]): SplitLists {
  const inTrain = members.flatMap((member) => {
    const [, wnid] = /(?:^|\/)train\/(n\d+)\/images\/[^/]+\.jpe?g$/i.exec(member.name) ?? [];
    return wnid === undefined ? [] : [{ member, wnid }];
  });
  const classes = [...new Set(inTrain.map(({ wnid }) => wnid))].sort();
  const annotations = members.find(({ name }) => /(?:^|\/)val\/val_annotations\.txt$/.test(name));
  if (classes.length === 0 || !annotations)
    throw new InputError(
      `${where}: expected train/<wnid>/images/*.JPEG and val/val_annotations.txt, got ${classes.length} classes and ${annotations ? "the annotations" : "no annotations"}`,
    );
  const wnids = new Map(
    Buffer.from(readMember(annotations))
      .toString("utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => line.split("\t") as [string, string]),
  );
  const labelOf = new Map(classes.map((wnid, label) => [wnid, label]));
  const entry = (member: Member, wnid: string | undefined): ImageEntry => {
    const label = labelOf.get(wnid ?? "");
    if (label === undefined)
      throw new InputError(`${where}: ${member.name}: expected a class that train has, got ${wnid ?? "no annotation"}`);
    return { ...member, label };
  };
  const inVal = members.filter(({ name }) => /(?:^|\/)val\/images\/[^/]+\.jpe?g$/i.test(name));
  const there = new Set(inVal.map(({ name }) => name.replace(/^.*\//, "")));
  const lost = [...wnids.keys()].filter((name) => !there.has(name));
  if (lost.length > 0)
    throw new InputError(`${where}: expected the images that val_annotations.txt names, got no ${named(lost)}`);
  const byName = (a: ImageEntry, b: ImageEntry) => (a.name < b.name ? -1 : 1);
  const list = (entries: ImageEntry[]) => ({ where, classes, entries: entries.sort(byName), notes: [] });
  return {
    train: list(inTrain.map(({ member, wnid }) => entry(member, wnid))),
    test: list(inVal.map((member) => entry(member, wnids.get(member.name.replace(/^.*\//, ""))))),
  };
}
