import type { DatasetDefinition } from "./definition.ts";
import { decodeIdxImages } from "./idx-images.ts";
import { mnistFiles } from "./mnist-files.ts";

/** The md5 of the compressed files as the authors state them, of the unpacked ones as loaders do. */
const files = mnistFiles({
  trainImages: {
    md5: "f4a8712d7a061bf5bd6d2ca38dc4d50a",
    gzip: { bytes: 26_421_880, md5: "8d4fb7e6c68d591d4c3dfef9ec88bf0d" },
  },
  trainLabels: {
    md5: "9018921c3c673c538a1fc5bad174d6f9",
    gzip: { bytes: 29_515, md5: "25c81989df183df01b3e8a0aad5dffbe" },
  },
  testImages: {
    md5: "8181f5470baa50b63fa0f6fddb340f0a",
    gzip: { bytes: 4_422_102, md5: "bef4ecab320f06d8554ea6380940ec79" },
  },
  testLabels: {
    md5: "15d484375f8d13e6eb1aabb0c3f46965",
    gzip: { bytes: 5_148, md5: "bb300cfdad3c16e7a12a480ee83cd310" },
  },
});

export const fashionMnist: DatasetDefinition = {
  name: "fashion-mnist",
  title: "Fashion-MNIST",
  description: "60,000 + 10,000 grey photos of clothes, 28 x 28, served as three equal channels of 32 x 32",
  classes: ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"],
  licence: "MIT (Zalando SE)",
  homepage: "https://github.com/zalandoresearch/fashion-mnist",
  folders: ["FashionMNIST/raw", "FashionMNIST", "fashion-mnist/raw", "fashion"],
  sharesNames: true,
  files,
  sources: [
    { kind: "files", base: "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/" },
    { kind: "files", base: "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/" },
  ],
  decode: decodeIdxImages,
};
