import { existsSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { bytesOf, type Dataset, dataFolders, loadDataset, verifyDataset } from "../../src/datasets/index.ts";
import { newFolder } from "./samples.ts";

const { dataDirs } = dataFolders();
const hasSvhn = dataDirs.some((dir) => existsSync(join(dir, "svhn", "train_32x32.mat")));
const network = process.env.CARRYOVER_TEST_NETWORK === "1";

const classCounts = ({ labels, classes }: Dataset) =>
  classes.map((_, label) => labels.reduce((count, each) => count + (each === label ? 1 : 0), 0));
const pixelSum = (images: Dataset) => bytesOf(images).reduce((sum, value) => sum + value, 0);
const pixel = (images: Dataset, image: number, y: number, x: number) =>
  [0, 1, 2].map(
    (channel) => bytesOf(images)[((image < 0 ? images.shape[0] + image : image) * 3 + channel) * 1024 + y * 32 + x],
  );

/** The first 4,434 and 1,952 images of SVHN; expected values by scipy.io.loadmat. */
describe.skipIf(!hasSvhn)("SVHN subset (skipped unless CARRYOVER_DATA has svhn/train_32x32.mat)", () => {
  let [train, held]: Dataset[] = [];
  beforeAll(async () => {
    const options = { dataDirs, cacheDir: newFolder(), offline: true };
    train = await loadDataset("svhn", "train", options);
    held = await loadDataset("svhn", "test", options);
  });

  test("labels, with 10 read as the digit 0", () => {
    if (!train || !held) throw new Error("not loaded");
    if (train.provenance.official) return;
    expect([...train.labels.subarray(0, 12)]).toEqual([1, 9, 2, 3, 2, 5, 9, 3, 3, 1, 3, 3]);
    expect([...held.labels.subarray(0, 12)]).toEqual([5, 2, 1, 0, 6, 1, 9, 1, 1, 8, 3, 6]);
    expect(classCounts(train)).toEqual([315, 871, 603, 507, 463, 428, 326, 321, 326, 274]);
    expect(classCounts(held)).toEqual([136, 366, 297, 233, 194, 169, 149, 151, 134, 123]);
  });

  test("pixels stand upright, by row, column and channel", () => {
    if (!train || !held) throw new Error("not loaded");
    if (train.provenance.official) return;
    expect([train.shape, held.shape]).toEqual([
      [4434, 3, 32, 32],
      [1952, 3, 32, 32],
    ]);
    expect(pixel(train, 0, 5, 7)).toEqual([84, 77, 67]);
    expect(pixel(train, 1000, 31, 0)).toEqual([58, 71, 140]);
    expect(pixel(train, -1, 30, 2)).toEqual([137, 153, 176]);
    expect([0, 1, 2, 3].map((y) => pixel(train as Dataset, 2, y, 0)[0])).toEqual([19, 21, 21, 19]);
    expect([0, 1, 2, 3].map((x) => pixel(train as Dataset, 2, 0, x)[0])).toEqual([19, 20, 25, 24]);
    expect([pixelSum(train), pixelSum(held)]).toEqual([1592358864, 701683600]);
  });
});

/** Downloads 11 MB; expected values by numpy from the official idx files. */
describe.skipIf(!network)("MNIST over the network (skipped unless CARRYOVER_TEST_NETWORK=1)", () => {
  const options = { dataDirs: [], cacheDir: newFolder() };

  test("is fetched from whichever source works, verified, and read", async () => {
    const held = await loadDataset("mnist", "test", options);
    expect(held.provenance.official).toBe(true);
    expect(classCounts(held)).toEqual([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);
    expect(pixelSum(held)).toBe(3 * 264923200);
    expect([...bytesOf(held).subarray(3 * 3072 + 16 * 32 + 2 + 7, 3 * 3072 + 16 * 32 + 2 + 10)]).toEqual([
      37, 253, 253,
    ]);
    const checks = await verifyDataset("mnist", options);
    expect(checks.at(1)).toMatchObject({ state: "official", images: 10_000 });
  });
});
