import type { Study } from "../study.ts";
import { cifar10Svhn } from "./cifar10-svhn.ts";
import { quickstart } from "./quickstart.ts";

/** The studies that can be run by name. */
export const builtInStudies: Readonly<Record<string, Study>> = {
  quickstart,
  "cifar10-svhn": cifar10Svhn,
};
