import { type Victim, victimOf } from "../../src/attacks/index.ts";
import type { Tensor } from "../../src/base/index.ts";
import type { Model, Parameters } from "../../src/models/index.ts";
import { imagesOf, linearModel, pixels } from "./linear-model.ts";

/**
 * Three classes whose logits are (w x, -w x, -1000): w sums the pixels with alternating signs, so ||w||_2 = sqrt(48) and
 * ||w||_1 = 48. Image k of 1 ... n is grey but for w x = 6 k / 255, so that it is of class 0 and its distance to class 1
 * is 6 k / 255 / ||w||, the box [0, 1] far away.
 */
const w = Array.from({ length: pixels }, (_, i) => (i % 2 ? -1 : 1));

export function linearCase(n: number): {
  model: Model;
  parameters: Parameters<Tensor<"float32">>;
  victim: Victim;
  data: ReturnType<typeof imagesOf>;
} {
  const { model, parameters } = linearModel([w, w.map((x) => -x), w.map(() => 0)], [0, 0, -1000]);
  const rows = Array.from({ length: n }, (_, k) => w.map((sign, i) => 128 + sign * shareOf(6 * (k + 1), i)));
  return {
    model,
    parameters,
    victim: victimOf(model, parameters, { rows: 4 }),
    data: imagesOf(
      rows,
      rows.map(() => 0),
    ),
  };
}

/** `total` grey levels spread over the pixels as evenly as whole levels can be. */
const shareOf = (total: number, i: number) => Math.floor(total / pixels) + (i < total % pixels ? 1 : 0);

/** Distance of image k, counted from 1, to the boundary. */
export const distanceOf = (k: number, norm: "l2" | "linf"): number =>
  (6 * k) / 255 / (norm === "l2" ? Math.sqrt(pixels) : pixels);
