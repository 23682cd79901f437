import { compileInnerAttack, divergenceTerm, type InnerAttack } from "../attacks/index.ts";
import type { RandomStream, Tensor } from "../base/index.ts";
import type { CompileOptions } from "../engine/index.ts";
import type { Model, Parameters } from "../models/index.ts";
import type { LossTerm } from "../regularizers/index.ts";

type Images = Tensor<"float32">;

/** How adversarial training takes part in a step. */
export interface AttackedBatches {
  /** The batch's images as the attack leaves them, [batch, channels, height, width]. */
  attacked(
    parameters: Parameters<Tensor<"float32">>,
    examples: { readonly images: Images; readonly labels: Tensor<"int32"> },
    stream: RandomStream,
  ): Promise<Images>;
  /** Terms of the loss beside the penalties. */
  readonly terms: readonly LossTerm[];
  /** What the cross-entropy is taken of, and what each of the terms is given. */
  placed(clean: Images, adversarial: Images): { readonly images: Images; readonly given: readonly Images[][] };
  dispose(): Promise<void>;
}

/**
 * Adversarial images take the place of the batch's; or, with TRADES, the batch stays and they come into a term of their
 * own. Without an attack, or in a ball of radius 0, a batch stays as it is.
 */
export async function attackedBatches(
  model: Model,
  attack: InnerAttack | undefined,
  like: Parameters<Tensor<"float32">>,
  batch: number,
  engine: CompileOptions,
): Promise<AttackedBatches> {
  const alone = {
    terms: [],
    placed: (_: Images, adversarial: Images) => ({ images: adversarial, given: [] }),
  };
  if (!attack || attack.eps === 0)
    return { ...alone, attacked: async (_, { images }) => images, dispose: async () => {} };
  const inner = await compileInnerAttack(model, attack, like, batch, engine);
  const made = { attacked: inner, dispose: () => inner.dispose() };
  const { beta } = attack;
  if (beta === undefined) return { ...made, ...alone };
  const term: LossTerm["term"] = (input, [adversarial = input.images]) => divergenceTerm(beta, input, adversarial);
  return { ...made, terms: [{ term }], placed: (images, adversarial) => ({ images, given: [[adversarial]] }) };
}
