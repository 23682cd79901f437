import type { Model } from "./model.ts";
import { plainCnn } from "./plain-cnn.ts";

/**
 * The CIFAR-CNN of the paper's released code: conv 3-32-32-pool-64-64-pool, fully connected 4096-256-256, linear head;
 * 256 features, 1,182,762 parameters at ten classes, 25.5 million multiply-adds an image.
 */
export function cifarCnn(classes: number): Model {
  return plainCnn({
    name: "cifar-cnn",
    stages: [
      [32, 32],
      [64, 64],
    ],
    dense: [256, 256],
    classes,
  });
}
