import { expect, test } from "vitest";
import { gather, loadDataset, splitTrainValidation, testSubset } from "../../src/datasets/index.ts";
import { domainData, sideData } from "../../src/studies/trial-data.ts";
import { idx, newFolder, put } from "../datasets/samples.ts";
import { tinyDataFolder } from "./tiny-data.ts";

const split = { dataset: "mnist", train: 23, validation: 11, test: 17 };

test("the train file is split by seed into train and validation, the test file gives the test images", async () => {
  const folders = { dataDirs: [tinyDataFolder()], cacheDir: newFolder() };
  const data = await domainData(split, { seed: 5, side: 32 }, folders);
  const [train, test] = [await loadDataset("mnist", "train", folders), await loadDataset("mnist", "test", folders)];
  const indices = splitTrainValidation(train.labels, { train: 23, validation: 11, seed: 5 });
  expect(data.train).toEqual(gather(train, indices.train));
  expect(data.validation).toEqual(gather(train, indices.validation));
  expect(data.test).toEqual(gather(test, testSubset(test.labels, { test: 17, seed: 5 })));
  expect([data.train, data.validation, data.test].map(({ shape }) => shape[0])).toEqual([23, 11, 17]);
});

test("another seed draws other images; the model decides their size", async () => {
  const folders = { dataDirs: [tinyDataFolder()], cacheDir: newFolder() };
  const [one, other] = [5, 6].map((seed) => sideData(split, { seed, model: "small-cnn" }, folders));
  expect((await one)?.train.pixels).not.toEqual((await other)?.train.pixels);
  expect((await one)?.train.shape).toEqual([23, 3, 32, 32]);
  expect((await domainData(split, { seed: 5, side: 16 }, folders)).test.shape).toEqual([17, 3, 16, 16]);
});

test("files that could not be read are read again for the next trial", async () => {
  const folder = tinyDataFolder();
  const labels = `${folder}/mnist/train-labels-idx1-ubyte`;
  const folders = { dataDirs: [folder], cacheDir: newFolder() };
  put(labels, Uint8Array.of(1, 2, 3));
  await expect(domainData(split, { seed: 1, side: 32 }, folders)).rejects.toThrow("train-labels");
  const whole = Uint8Array.from({ length: 60 }, (_, i) => i % 10);
  put(labels, idx([60], whole));
  expect((await domainData(split, { seed: 1, side: 32 }, folders)).train.labels).toHaveLength(23);
});
