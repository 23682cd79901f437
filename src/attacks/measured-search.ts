import type { Ball } from "./ball.ts";
import { distance, isInBox, largestOf } from "./neighbourhood.ts";
import { crossEntropyOf, predicted } from "./scores.ts";
import type { Answer, Example, Query, Search } from "./search.ts";

/** How far beyond eps float32 may round a point of the ball. */
const roundingRoom = 1e-6;

/** What was measured on one example. */
export interface ExampleVerdict {
  readonly index: number;
  readonly label: number;
  /** The clean image is right. */
  readonly clean: boolean;
  /** The clean image and every point asked within the ball are right. */
  readonly robust: boolean;
  /** The number of the answer that broke it, counting the search's answers from 1; 0 when nothing did. */
  readonly brokenAt: number;
  /** Cross-entropy in nats of the clean image, and the largest at it or at any point asked within the ball. */
  readonly cleanLoss: number;
  readonly worstLoss: number;
  /** Answers, those with a gradient, and of these the gradients that were zero in every pixel. */
  readonly answers: number;
  readonly gradients: number;
  readonly zeroGradients: number;
  /** Answers with a logit or a gradient that is not finite. */
  readonly nonFinite: number;
  /** Points asked outside the ball or [0, 1]; they break nothing. Some attacks walk there. */
  readonly outside: number;
  /** The farthest point asked, in the ball's norm. */
  readonly farthest: number;
  /** The point that broke it. */
  readonly adversarial: Float32Array | undefined;
}

/** One example on its way: first its clean image is asked, then whatever its search wants. */
export class MeasuredSearch {
  query: Query;
  private search: Search | undefined;
  private clean = false;
  private brokenAt = 0;
  private cleanLoss = 0;
  private worstLoss = 0;
  private counts = { answers: 0, gradients: 0, zeroGradients: 0, nonFinite: 0, outside: 0 };
  private farthest = 0;
  private adversarial: Float32Array | undefined;

  readonly index: number;
  readonly image: Float32Array;
  readonly label: number;
  private readonly shape: Example["shape"];
  private readonly ball: Ball;
  private readonly begin: (example: Example) => Search;

  constructor(
    index: number,
    image: Float32Array,
    label: number,
    shape: Example["shape"],
    ball: Ball,
    begin: (example: Example) => Search,
  ) {
    this.index = index;
    this.image = image;
    this.label = label;
    this.shape = shape;
    this.ball = ball;
    this.begin = begin;
    this.query = { image };
  }

  /** Takes the answer to the query; true when the example is finished, else `query` is the next one. */
  hear(answer: Answer): boolean {
    const { index, image, label } = this;
    if (this.search === undefined) {
      const logits = answer.logits.slice();
      this.count(answer);
      this.clean = predicted(logits) === label;
      this.cleanLoss = this.worstLoss = crossEntropyOf(logits, label);
      if (!this.clean) return true;
      this.search = this.begin({ index, image, label, shape: this.shape, logits });
      return this.advance(this.search.next());
    }
    this.counts.answers++;
    this.count(answer);
    if (this.isInside()) {
      this.worstLoss = Math.max(this.worstLoss, crossEntropyOf(answer.logits, label));
      if (predicted(answer.logits) !== label) {
        this.brokenAt = this.counts.answers;
        this.adversarial = this.query.image.slice();
        return true;
      }
    } else this.counts.outside++;
    return this.advance(this.search.next(answer));
  }

  verdict(): ExampleVerdict {
    return {
      index: this.index,
      label: this.label,
      clean: this.clean,
      robust: this.clean && this.brokenAt === 0,
      brokenAt: this.brokenAt,
      cleanLoss: this.cleanLoss,
      worstLoss: this.worstLoss,
      ...this.counts,
      farthest: this.farthest,
      adversarial: this.adversarial,
    };
  }

  private advance(next: IteratorResult<Query, void>): boolean {
    if (next.done) return true;
    this.query = next.value;
    return false;
  }

  private count({ logits, gradient }: Answer): void {
    const largest = largestOf(gradient);
    if (this.query.loss !== undefined) this.counts.gradients++;
    if (this.query.loss !== undefined && largest === 0) this.counts.zeroGradients++;
    if (!Number.isFinite(largest) || !logits.every(Number.isFinite)) this.counts.nonFinite++;
  }

  private isInside(): boolean {
    const far = distance(this.ball.norm, this.image, this.query.image);
    if (!(far <= this.farthest)) this.farthest = far;
    return far <= this.ball.eps + roundingRoom && isInBox(this.query.image);
  }
}
