import { randomStream, seedFor } from "../base/index.ts";
import type { Ball } from "./ball.ts";
import { climbed, projectOnto, randomStart } from "./neighbourhood.ts";
import type { Example, Search } from "./search.ts";

export interface PgdConfig extends Ball {
  readonly steps: number;
  /** Length of a step in the ball's norm; the paper's code uses eps / 4. */
  readonly stepSize: number;
  /** Runs from different random starts; the worst of them counts. */
  readonly restarts: number;
}

/**
 * Projected gradient descent (Madry et al. 2018), restart after restart: from a uniform point of the ball,
 * x <- P(x + stepSize * steepest ascent of the log-odds), `steps` times. The starts are those of `pgd`.
 *
 * Whoever runs it stops at the first point that breaks the example, so an example is robust only when every iterate of
 * every restart is right: restarts keep the worst case.
 */
export function* pgdSearch(
  { index, image }: Example,
  { steps, stepSize, restarts, ...ball }: PgdConfig,
  seed: number,
): Search {
  for (let restart = 0; restart < restarts; restart++) {
    const stream = randomStream(seedFor(seedFor(seed, "attack", restart), "start", index));
    let point = randomStart(ball, image, stream);
    for (let step = 0; step < steps; step++) {
      const { gradient } = yield { image: point, loss: "log-odds" };
      point = projectOnto(ball, image, climbed(ball, point, gradient, stepSize));
    }
    yield { image: point };
  }
}
