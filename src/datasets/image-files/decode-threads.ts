import { availableParallelism } from "node:os";
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { InputError } from "../../base/index.ts";
import type { Answered, Question, Refused } from "./decode-thread.ts";
import type { ImageEntry } from "./image-list.ts";

/** Decoded images, of which the first is entry `first` of the list. */
export interface DecodedBatch extends Answered {
  readonly first: number;
}

export interface DecodeOptions {
  /** Height and width of the images that come out. */
  readonly side: number;
  /** Threads that decode; one a core when left out. */
  readonly threads?: number;
  readonly signal?: AbortSignal;
}

/** Bytes of decoded pixels that a thread makes at a time: what is held does not grow with the number of images. */
const batchBytes = 1 << 20;

/**
 * Decodes images on several threads and gives each batch to `take`, one at a time and in whatever order they are done.
 * An image that cannot be decoded is told in its batch. Throws InputError for one that cannot be read, which may go better
 * another time, and the signal's reason when it is aborted.
 */
export async function decodeOnThreads(
  entries: readonly ImageEntry[],
  { side, threads = availableParallelism(), signal }: DecodeOptions,
  take: (batch: DecodedBatch) => Promise<void>,
): Promise<void> {
  const batch = Math.max(1, Math.floor(batchBytes / (3 * side * side)));
  const count = Math.max(1, Math.min(threads, Math.ceil(entries.length / batch)));
  const script = new URL(`./decode-thread${extname(import.meta.url)}`, import.meta.url);
  let next = 0;
  let taking = Promise.resolve();
  const drive = async (worker: Worker) => {
    while (next < entries.length) {
      signal?.throwIfAborted();
      const first = next;
      next += batch;
      const answered = await ask(worker, { entries: entries.slice(first, first + batch), side });
      if ("refused" in answered) throw new InputError(answered.refused);
      taking = taking.then(() => take({ ...answered, first }));
      await taking;
    }
  };
  const workers = Array.from({ length: count }, () => new Worker(script));
  try {
    await Promise.all(workers.map(drive));
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

function ask(worker: Worker, question: Question): Promise<Answered | Refused> {
  const { promise, resolve, reject } = Promise.withResolvers<Answered | Refused>();
  const ended = (code: number) => reject(new Error(`decode: a thread ended with exit code ${code}`));
  worker.once("message", resolve).once("error", reject).once("exit", ended);
  worker.postMessage(question);
  return promise.finally(() => worker.off("message", resolve).off("error", reject).off("exit", ended));
}
