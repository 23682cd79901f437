import type { Tensor } from "../base/index.ts";
import { type CompileOptions, compile, type Traced } from "../engine/index.ts";
import type { Model, Parameters } from "../models/index.ts";
import type { HeadConstraint } from "../regularizers/index.ts";

/** The model whose logits come from the constrained head; everything else is `model`'s own. */
export function withConstrainedHead(model: Model, constraint: HeadConstraint | undefined): Model {
  if (!constraint) return model;
  return { ...model, logits: (g, features) => model.logits(constraint.constrain(g), features) };
}

/** Parameters that give the plain model what the learnt ones give the constrained one. */
export async function exported(
  parameters: Parameters<Tensor<"float32">>,
  constraint: HeadConstraint | undefined,
  engine: CompileOptions,
): Promise<Parameters<Tensor<"float32">>> {
  if (!constraint) return parameters;
  const constrain = await compile<Parameters<Tensor<"float32">>["g"]>(
    (g: Parameters<Traced>["g"]) => constraint.constrain(g),
    [parameters.g],
    engine,
  );
  try {
    return { ...parameters, g: await constrain(parameters.g) };
  } finally {
    await constrain.dispose();
  }
}
