import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { InputError, readWhole } from "../../base/index.ts";
import { readTarGz } from "../archives.ts";
import { readMatlabStructs } from "../read-matlab.ts";
import type { Member } from "./members.ts";

const devkit = "ILSVRC2012_devkit_t12";
const labelFile = "imagenet_2012_validation_synset_labels.txt";
const solutionFile = "LOC_val_solution.csv";

/**
 * The classes of the flat validation images, given in the order of their names, from whichever is beside them (or above):
 * the official devkit, a list of classes, or Kaggle's table. undefined for an image that the table or the devkit leaves out.
 *
 * Throws InputError when there is none, and when there are not as many classes as images.
 */
export async function valClasses(folder: string, images: readonly Member[]): Promise<(string | undefined)[]> {
  const places = [folder, dirname(folder), join(folder, "../../..")];
  const found = (name: string) => places.map((place) => join(place, name)).find((path) => existsSync(path));
  const oneAnImage = (where: string, given: readonly string[]) => {
    if (given.length === images.length) return given;
    throw new InputError(`${where}: expected ${images.length} lines, one an image, got ${given.length}`);
  };
  const labels = found(labelFile);
  if (labels) return [...oneAnImage(labels, lines(await readWhole(labels)))];
  const kit = found(devkit) ?? found(`${devkit}.tar.gz`);
  if (kit) {
    const { truth, wnids } = await readDevkit(kit);
    return oneAnImage(kit, truth).map((id) => wnids.get(Number(id)));
  }
  const solution = found(solutionFile);
  if (solution) {
    const rows = lines(await readWhole(solution)).slice(1);
    const classOf = new Map(rows.map((line) => line.split(/[, ]/) as [string, string]));
    return images.map(({ name }) => classOf.get(name.replace(/^.*\/|\.[^.]*$/g, "")));
  }
  throw new InputError(
    `${folder}: expected validation images in folders of classes, or beside them ${devkit}.tar.gz, ${labelFile} (a class a line) or ${solutionFile}, got none`,
  );
}

/** The devkit's ids of the validation images, and which class an id is. */
async function readDevkit(path: string) {
  const names = ["data/ILSVRC2012_validation_ground_truth.txt", "data/meta.mat"] as const;
  const members = path.endsWith(".gz")
    ? await readTarGz(path, (member) => names.find((name) => member.endsWith(`/${name}`)))
    : undefined;
  const [truth, meta] = await Promise.all(
    names.map((name) => (members ? members.get(name) : readWhole(join(path, name)))),
  );
  const synsets = truth && meta && readMatlabStructs(meta, `${path}: ${names[1]}`, "synsets");
  if (!synsets) throw new InputError(`${path}: expected ${names.join(" and ")} with synsets, got another devkit`);
  const wnids = new Map(synsets.map(({ ILSVRC2012_ID: id, WNID }) => [Number(id?.[0]), String(WNID)]));
  return { truth: lines(truth), wnids };
}

const lines = (bytes: Uint8Array): string[] => Buffer.from(bytes).toString("utf8").trim().split(/\r?\n/);
