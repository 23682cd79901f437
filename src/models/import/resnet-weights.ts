import { InputError, type Tensor } from "../../base/index.ts";
import type { Model, Parameters } from "../model.ts";
import type { Normaliser } from "../normaliser.ts";
import { resnet } from "../resnet.ts";
import { checkSide } from "../resnet-layout.ts";
import { type FileTensors, listed, readNames, type Wanted } from "./resnet-names.ts";

/** What the names cannot say; the family's own unless given. */
export interface ImportOptions {
  /** Height and width of the images that the model looks at. */
  readonly side?: number;
  readonly normaliser?: Normaliser;
}

export interface Imported {
  readonly model: Model;
  readonly parameters: Parameters<Tensor<"float32">>;
  /** What the file leaves open, and what it holds besides, as sentences. */
  readonly notes: readonly string[];
}

/** Counters that training and profiling leave in a state dict. */
const counters = /(^|\.)(num_batches_tracked|total_ops|total_params)$/;

/**
 * A residual network from the tensors of a file in the naming of torchvision, timm, kuangliu/pytorch-cifar or
 * akamaster/pytorch_resnet_cifar10, whatever stands before the names (`module.`, `state_dict.`, `model.`). Depth, widths and
 * shortcuts are read from names and shapes. Throws InputError that lists both sides when the names do not map.
 */
export function resnetFrom(where: string, tensors: FileTensors, options: ImportOptions = {}): Imported {
  const { prefix, description, wanted, notes } = readNames(where, tensors);
  checkNames(where, prefix, wanted, tensors);
  const { side = description.side, normaliser = description.normaliser } = options;
  const described = { ...description, side, normaliser };
  checkSide(where, described);
  const f: Record<string, Record<string, Tensor<"float32">>> = {};
  for (const each of wanted) f[each.layer] = { ...f[each.layer], [each.part]: taken(where, prefix, each, tensors) };
  const { head, ...features } = f;
  const classes = head?.bias?.shape[0] ?? 0;
  if (classes < 2) throw new InputError(`${where}: expected a head of at least 2 classes, got ${classes}`);
  const aside = Object.keys(tensors).filter((name) => !name.startsWith(prefix) && !counters.test(name));
  return {
    model: resnet(described, classes),
    parameters: { f: features, g: head } as Parameters<Tensor<"float32">>,
    notes: [
      ...notes,
      ...(aside.length > 0 ? [`${aside.length} tensors beside the model's were left aside: ${listed(aside, 3)}`] : []),
    ],
  };
}

function checkNames(where: string, prefix: string, wanted: readonly Wanted[], tensors: FileTensors): void {
  const known = new Set(wanted.map(({ theirs }) => prefix + theirs));
  const missing = [...known].filter((name) => tensors[name] === undefined);
  const strange = Object.keys(tensors).filter(
    (name) => name.startsWith(prefix) && !known.has(name) && !counters.test(name) && !isBeside(name, prefix),
  );
  if (missing.length === 0 && strange.length === 0) return;
  throw new InputError(
    `${where}: the names do not map onto a ResNet: expected but not in the file: ${listed(missing)}; in the file but not expected: ${listed(strange)}`,
  );
}

/** With nothing before the model's names, what belongs to a training (an optimiser, a normaliser) is told by its own. */
const isBeside = (name: string, prefix: string) =>
  prefix === "" && /^(optimi[sz]er|scheduler|normali[sz]er?)\./.test(name);

function taken(where: string, prefix: string, { theirs, shape }: Wanted, tensors: FileTensors): Tensor<"float32"> {
  const found = tensors[prefix + theirs];
  if (found?.dtype === "float32" && String(found.shape) === String(shape)) return found as Tensor<"float32">;
  const got = found ? `${found.dtype} [${found.shape}]` : "none";
  throw new InputError(`${where}: ${prefix}${theirs}: expected float32 [${shape}], got ${got}`);
}
