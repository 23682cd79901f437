import type { Ball } from "./ball.ts";
import { checkExamples, type Examples, imageAt } from "./examples.ts";
import type { LossName } from "./losses.ts";
import { type ExampleVerdict, MeasuredSearch } from "./measured-search.ts";
import type { Answer, Example, Search } from "./search.ts";
import { imageSize, type Victim } from "./victim.ts";

export interface SearchesOptions {
  /** Which examples, in which order; each is asked for when there is room for it. */
  readonly indices: Iterable<number>;
  /** Examples at once; a batch of the victim unless fewer. */
  readonly atOnce?: number;
}

/**
 * Runs a search on each example, as many at once as fill the victim's batches. An example whose clean image is wrong is
 * finished at once, and one that is broken is finished where it broke; another takes its place, so that batches stay full
 * and memory does not grow with the number of examples. The outcome for an example depends on nothing but the example,
 * within float32's rounding, which differs between graphs of different batches.
 *
 * Every point is measured here: it breaks the example when the model is wrong there and it lies in the ball (within 1e-6)
 * and in [0, 1]. Yields after each call to the model what was finished by it. Throws InputError when images do not fit the
 * victim.
 */
export async function* runSearches(
  victim: Victim,
  examples: Examples,
  ball: Ball,
  search: (example: Example) => Search,
  { indices, atOnce = victim.rows }: SearchesOptions,
): AsyncGenerator<readonly ExampleVerdict[], void> {
  checkExamples("attack", victim, examples);
  const waiting = new Waiting();
  const rest = indices[Symbol.iterator]();
  const most = Math.min(atOnce, victim.rows);
  for (;;) {
    while (waiting.longest < most) {
      const { value: index, done } = rest.next();
      if (done) break;
      const label = examples.labels[index] ?? 0;
      waiting.add(new MeasuredSearch(index, imageAt(examples, index), label, victim.imageShape, ball, search));
    }
    if (waiting.longest === 0) return;
    const { runs, answers } = await ask(victim, waiting.take(victim.rows));
    const finished: ExampleVerdict[] = [];
    for (const [row, run] of runs.entries()) {
      if (run.hear(answers(row))) finished.push(run.verdict());
      else waiting.add(run);
    }
    yield finished;
  }
}

/** Searches whose query is not yet asked, by what they want; those who want the same can share a batch. */
class Waiting {
  private readonly queues = new Map<LossName | "forward", MeasuredSearch[]>();

  /** Searches in the longest queue. */
  get longest(): number {
    return this.longestQueue().length;
  }

  add(run: MeasuredSearch): void {
    const kind = run.query.loss ?? "forward";
    const queue = this.queues.get(kind);
    if (queue) queue.push(run);
    else this.queues.set(kind, [run]);
  }

  /** Up to `rows` searches of one queue, the longest. */
  take(rows: number): MeasuredSearch[] {
    return this.longestQueue().splice(0, rows);
  }

  private longestQueue(): MeasuredSearch[] {
    return [...this.queues.values()].reduce((most, queue) => (queue.length > most.length ? queue : most), []);
  }
}

interface Asked {
  readonly runs: readonly MeasuredSearch[];
  readonly answers: (row: number) => Answer;
}

/** One call to the model for searches that all want the same. */
async function ask(victim: Victim, runs: readonly MeasuredSearch[]): Promise<Asked> {
  const size = imageSize(victim);
  const images = new Float32Array(runs.length * size);
  for (const [row, { query }] of runs.entries()) images.set(query.image, row * size);
  const part = (data: Float32Array, row: number, length: number) => data.subarray(row * length, (row + 1) * length);
  const loss = runs[0]?.query.loss;
  if (loss === undefined) {
    const logits = await victim.logits(images);
    return { runs, answers: (row) => ({ logits: part(logits, row, victim.classes), gradient: new Float32Array() }) };
  }
  const labels = Int32Array.from(runs, ({ label }) => label);
  const targets = Int32Array.from(runs, ({ query }) => query.target ?? 0);
  const { logits, gradient } = await victim.gradient(loss, images, labels, targets);
  return {
    runs,
    answers: (row) => ({ logits: part(logits, row, victim.classes), gradient: part(gradient, row, size) }),
  };
}
