import type { Ball } from "./ball.ts";
import { climbed, projectOnto } from "./neighbourhood.ts";
import type { Example, Search } from "./search.ts";

/**
 * The fast gradient sign method (Goodfellow, Shlens and Szegedy 2015): one step of length eps from the clean image, in
 * the direction of steepest ascent in the norm; for l2 it is the "fast gradient method". Weak, and often masked.
 */
export function* fgsm({ image }: Example, ball: Ball): Search {
  const { gradient } = yield { image, loss: "log-odds" };
  yield { image: projectOnto(ball, image, climbed(ball, image, gradient, ball.eps)) };
}
