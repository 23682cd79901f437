import { cifar10 } from "./cifar10.ts";
import { cifar100 } from "./cifar100.ts";
import type { DatasetDefinition } from "./definition.ts";
import { fashionMnist } from "./fashion-mnist.ts";
import { imagenet } from "./image-files/imagenet.ts";
import { tinyImagenet } from "./image-files/tiny-imagenet.ts";
import { mnist } from "./mnist.ts";
import { stl10 } from "./stl10.ts";
import { svhn } from "./svhn.ts";
import { usps } from "./usps.ts";

/** Every dataset, by name. */
export const datasets: Readonly<Record<string, DatasetDefinition>> = {
  cifar10,
  cifar100,
  mnist,
  svhn,
  "fashion-mnist": fashionMnist,
  usps,
  stl10,
  "tiny-imagenet": tinyImagenet,
  imagenet,
};
