import { randomStream, seedFor } from "../base/index.ts";
import type { Ball } from "./ball.ts";
import { marginOf } from "./scores.ts";
import type { Example, Search } from "./search.ts";
import { l2Start, l2Step, linfStart, linfStep } from "./square-patches.ts";

export interface SquareSettings extends Ball {
  /** Forward passes for each example and restart. */
  readonly queries: number;
  readonly restarts: number;
}

/** The share of pixels that the first squares cover. */
const firstShare = 0.8;
/** Of 10,000 queries, those after which the share is halved. */
const halvings = [10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000];

/**
 * The Square attack (Andriushchenko, Croce, Flammarion and Hein, ECCV 2020): random search that needs no gradient. Each
 * proposal changes a square of pixels at random and is kept when the margin max_{j != y} z_j - z_y rises. Squares shrink by
 * the paper's schedule, rescaled to the number of queries; for l2 their sides are odd and at least 3, as in the authors'
 * code, as far as the image has room.
 *
 * The authors' code differs: its squares never touch the last row or column; the start is no query; and for l2 the tiles of
 * the start are centred, and the mass of the two squares is taken over all channels where algorithm 3, and we, take each
 * channel's own.
 *
 * It sees what gradients hide: where it beats a gradient attack, that attack was misled.
 */
export function* square({ queries, restarts, ...ball }: SquareSettings, example: Example, seed: number): Search {
  const { image, shape, label, index } = example;
  const [, height, width] = shape;
  for (let restart = 0; restart < restarts; restart++) {
    const stream = randomStream(seedFor(seed, "square", restart, index));
    let best =
      ball.norm === "linf" ? linfStart(ball.eps, image, shape, stream) : l2Start(ball.eps, image, shape, stream);
    let margin = marginOf((yield { image: best }).logits, label);
    for (let query = 1; query < queries; query++) {
      const wanted = Math.round(Math.sqrt(shareAt(query, queries) * height * width));
      const side = Math.min(height, width, ball.norm === "linf" ? Math.max(1, wanted) : oddFrom3(wanted));
      const candidate =
        ball.norm === "linf"
          ? linfStep(ball.eps, image, best, shape, side, stream)
          : l2Step(ball.eps, image, best, shape, side, stream);
      const next = marginOf((yield { image: candidate }).logits, label);
      if (next > margin) [best, margin] = [candidate, next];
    }
  }
}

const oddFrom3 = (side: number): number => (side < 3 ? 3 : side + 1 - (side % 2));

function shareAt(query: number, queries: number): number {
  const at = (10_000 * query) / queries;
  return firstShare / 2 ** halvings.filter((halving) => at > halving).length;
}
