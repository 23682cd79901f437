import { choose, InputError } from "../base/index.ts";
import { cifarCnn } from "./cifar-cnn.ts";
import type { Model } from "./model.ts";
import { namedResnet } from "./resnet.ts";
import { smallCnn } from "./small-cnn.ts";

/** Every architecture by its name; a name's number of pixels is 32 unless it says another. */
export const models: Readonly<Record<string, (classes: number) => Model>> = {
  "cifar-cnn": cifarCnn,
  "small-cnn": smallCnn,
  resnet18: namedResnet(18, 32),
  resnet34: namedResnet(34, 32),
  resnet50: namedResnet(50, 32),
  "resnet18-64": namedResnet(18, 64),
  "resnet18-w16-64": namedResnet(18, 64, 16),
  "resnet34-64": namedResnet(34, 64),
  "resnet50-64": namedResnet(50, 64),
  "resnet18-224": namedResnet(18, 224),
  "resnet34-224": namedResnet(34, 224),
  "resnet50-224": namedResnet(50, 224),
};

/** The model of that name with a head for `classes` classes; an unknown name is an InputError with the known ones. */
export function createModel(name: string, { classes = 10 }: { readonly classes?: number } = {}): Model {
  const create = choose("model", name, models);
  if (!Number.isInteger(classes) || classes < 2)
    throw new InputError(`model: classes: expected a whole number of at least 2, got ${classes}`);
  return create(classes);
}
