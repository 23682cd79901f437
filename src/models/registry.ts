import { choose, InputError } from "../base/index.ts";
import { cifarCnn } from "./cifar-cnn.ts";
import type { Model } from "./model.ts";
import { resnet18, resnet50 } from "./resnet.ts";
import { smallCnn } from "./small-cnn.ts";

/** Every architecture by its name. */
export const models: Readonly<Record<string, (classes: number) => Model>> = {
  "cifar-cnn": cifarCnn,
  "small-cnn": smallCnn,
  resnet18,
  resnet50,
};

/** The model of that name with a head for `classes` classes; an unknown name is an InputError with the known ones. */
export function createModel(name: string, { classes = 10 }: { readonly classes?: number } = {}): Model {
  const create = choose("model", name, models);
  if (!Number.isInteger(classes) || classes < 2)
    throw new InputError(`model: classes: expected a whole number of at least 2, got ${classes}`);
  return create(classes);
}
