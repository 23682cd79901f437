import type { Ball } from "./ball.ts";
import { checkExamples, type Examples, everyIndex, imageAt } from "./examples.ts";
import type { LossName } from "./losses.ts";
import { type ExampleVerdict, MeasuredSearch } from "./measured-search.ts";
import type { Answer, Example, Search } from "./search.ts";
import { imageSize, type Victim } from "./victim.ts";

export interface SearchOptions {
  /** Which examples, in which order; all of them unless given. */
  readonly indices?: ArrayLike<number>;
  readonly signal?: AbortSignal;
}

/** After each call to the model: what was finished by it, and how far the whole is. */
export interface SearchStep {
  readonly finished: readonly ExampleVerdict[];
  /** Examples. */
  readonly done: number;
  readonly of: number;
}

/**
 * Runs a search on each example, as many at once as fill the victim's batches. An example whose clean image is wrong is
 * finished at once, and one that is broken is finished where it broke; another takes its place, so that batches stay full
 * and memory does not grow with the number of examples. The outcome for an example depends on nothing but the example.
 *
 * Every point is measured here: it breaks the example when the model is wrong there and it lies in the ball (within 1e-6)
 * and in [0, 1]. Throws InputError when images do not fit the victim, and the signal's reason when it is aborted.
 */
export async function* runSearches(
  victim: Victim,
  examples: Examples,
  ball: Ball,
  search: (example: Example) => Search,
  { indices = everyIndex(examples), signal }: SearchOptions = {},
): AsyncGenerator<SearchStep, void> {
  checkExamples("attack", victim, examples);
  const size = imageSize(victim);
  const queues = new Map<LossName | "forward", MeasuredSearch[]>();
  const of = indices.length;
  let [started, done] = [0, 0];
  const enqueue = (run: MeasuredSearch) => {
    const kind = run.query.loss ?? "forward";
    const queue = queues.get(kind);
    if (queue) queue.push(run);
    else queues.set(kind, [run]);
  };
  const longest = () =>
    [...queues].reduce((most, queue) => (queue[1].length > most[1].length ? queue : most), ["forward", []] as [
      LossName | "forward",
      MeasuredSearch[],
    ]);
  while (done < of) {
    while (started < of && longest()[1].length < victim.rows) {
      const index = indices[started++] ?? 0;
      enqueue(
        new MeasuredSearch(
          index,
          imageAt(examples, index),
          examples.labels[index] ?? 0,
          victim.imageShape,
          ball,
          search,
        ),
      );
    }
    signal?.throwIfAborted();
    const [kind, queue] = longest();
    const batch = queue.splice(0, victim.rows);
    const answers = await ask(victim, kind, batch, size);
    const finished: ExampleVerdict[] = [];
    for (const [row, run] of batch.entries()) {
      if (run.hear(answers(row))) finished.push(run.verdict());
      else enqueue(run);
    }
    done += finished.length;
    yield { finished, done, of };
  }
}

async function ask(
  victim: Victim,
  kind: LossName | "forward",
  batch: readonly MeasuredSearch[],
  size: number,
): Promise<(row: number) => Answer> {
  const images = new Float32Array(batch.length * size);
  for (const [row, { query }] of batch.entries()) images.set(query.image, row * size);
  const part = (data: Float32Array, row: number, length: number) => data.subarray(row * length, (row + 1) * length);
  if (kind === "forward") {
    const logits = await victim.logits(images);
    return (row) => ({ logits: part(logits, row, victim.classes), gradient: new Float32Array() });
  }
  const labels = new Int32Array(batch.length);
  const targets = new Int32Array(batch.length);
  for (const [row, { label, query }] of batch.entries()) {
    labels[row] = label;
    targets[row] = query.target ?? 0;
  }
  const { logits, gradient } = await victim.gradient(kind, images, labels, targets);
  return (row) => ({ logits: part(logits, row, victim.classes), gradient: part(gradient, row, size) });
}
