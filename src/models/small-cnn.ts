import type { Model } from "./model.ts";
import { plainCnn } from "./plain-cnn.ts";

/**
 * A CNN for the quickstart and for trying things out: conv 3-16-pool-32-pool-64-pool, fully connected 1024-128, linear
 * head; 128 features, 3 million multiply-adds an image, an eighth of `cifar-cnn`'s.
 */
export function smallCnn(classes: number): Model {
  return plainCnn({ name: "small-cnn", stages: [[16], [32], [64]], dense: [128], classes });
}
