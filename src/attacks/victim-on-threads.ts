import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { bytesOf } from "../datasets/index.ts";
import type { CompileOptions } from "../engine/index.ts";
import type { ImportOptions, LoadedModel } from "../models/index.ts";
import type { Examples } from "./examples.ts";
import type { ExampleVerdict } from "./measured-search.ts";
import type { AttackPlan } from "./plans.ts";
import type { AttackOptions } from "./run-attack.ts";
import { type Victim, victimRows } from "./victim.ts";
import type { Answered, Call, Question, Share, ThreadSetting, Told } from "./victim-thread.ts";

export interface ThreadsOptions extends Omit<CompileOptions, "frozen" | "threads"> {
  readonly threads: number;
  /** What the checkpoint was read with. */
  readonly reading?: ImportOptions;
}

/**
 * A model's victim on several threads, each with graphs of its own. One operation of a small model is too short to be shared
 * by threads, and handing over an image costs as much as its logits; so a thread runs the whole attack on the examples
 * that it takes, one when it has room for one, and hands over verdicts. Single calls are answered by the first thread.
 */
export class VictimOnThreads implements Victim {
  readonly classes: number;
  readonly imageShape: Victim["imageShape"];
  readonly rows = victimRows;
  readonly #threads: readonly Thread[];
  #shared: { readonly of: Examples; readonly examples: Examples } | undefined;

  /** `path` is the checkpoint that `loaded` was read from; each thread reads it again. */
  constructor(path: string, { model }: LoadedModel, { threads, reading, ...engine }: ThreadsOptions) {
    const entry = new URL(`./victim-thread${extname(import.meta.url)}`, import.meta.url);
    const setting: ThreadSetting = { path, reading, engine: { ...engine, threads: 1 } };
    this.classes = model.classes;
    this.imageShape = model.inputShape;
    this.#threads = Array.from({ length: threads }, () => new Thread(new Worker(entry, { workerData: setting })));
  }

  readonly logits: Victim["logits"] = async (images) => (await this.#answer({ images })).logits;

  readonly gradient: Victim["gradient"] = (loss, images, labels, targets) =>
    this.#answer({ images, slope: { loss, labels, targets } });

  /** Each thread runs the attack on the examples it takes. Yields and throws as `runSearches`; an abort throws its reason. */
  async *attack(
    examples: Examples,
    plan: AttackPlan,
    { seed, indices, signal }: AttackOptions & { readonly indices: ArrayLike<number> },
  ): AsyncGenerator<readonly ExampleVerdict[], void> {
    signal?.throwIfAborted();
    const share: Share = {
      examples: this.#inSharedMemory(examples),
      plan,
      seed,
      indices: Uint32Array.from(indices),
      atOnce: Math.ceil(indices.length / this.#threads.length),
      control: new Int32Array(new SharedArrayBuffer(8)),
    };
    const stop = () => {
      Atomics.store(share.control, 1, 1);
    };
    signal?.addEventListener("abort", stop);
    const came: (readonly ExampleVerdict[])[] = [];
    let news = Promise.withResolvers<void>();
    const hear = ({ finished = [] }: Told) => {
      came.push(finished);
      news.resolve();
    };
    const runs = this.#threads.map((thread) => thread.ask({ share }, hear));
    let running = true;
    const all = Promise.all(runs).finally(() => {
      running = false;
      news.resolve();
    });
    all.catch(() => {}); // Thrown below.
    try {
      while (running) {
        await news.promise;
        news = Promise.withResolvers();
        yield* came.splice(0);
      }
      await all;
      // Whoever takes the verdicts may be slow: the last may have come, and the threads ended, while it held the ones before.
      yield* came.splice(0);
      signal?.throwIfAborted();
    } finally {
      stop();
      signal?.removeEventListener("abort", stop);
      await Promise.allSettled(runs);
    }
  }

  async dispose(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.end()));
  }

  async #answer(call: Call): Promise<Answered> {
    let found: Answered | undefined;
    await this.#threads[0]?.ask({ call }, ({ answer }) => {
      found = answer;
    });
    if (!found) throw new Error("attack: a thread gave no answer");
    return found;
  }

  /** Pixels that every thread reads without a copy of its own. */
  #inSharedMemory(examples: Examples): Examples {
    if (this.#shared?.of !== examples) {
      const { pixels, shape, labels } = examples;
      const held = pixels instanceof Float32Array ? pixels : bytesOf({ pixels, shape });
      const shared = new SharedArrayBuffer(held.byteLength);
      const copy = held instanceof Uint8Array ? new Uint8Array(shared) : new Float32Array(shared);
      copy.set(held);
      this.#shared = { of: examples, examples: { pixels: copy, shape, labels } };
    }
    return this.#shared.examples;
  }
}

/** One thread; it takes questions in turn. */
class Thread {
  readonly #worker: Worker;
  readonly #pending: Asker[] = [];
  #failure: Error | undefined;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.on("message", (told: Told) => {
      const [asker] = this.#pending;
      if (!told.ended) return asker?.hear(told);
      this.#pending.shift();
      if (told.error) asker?.reject(told.error);
      else asker?.resolve();
    });
    worker.on("error", (error) => this.#fail(error));
    worker.on("exit", (code) => this.#fail(new Error(`attack: a thread ended with exit code ${code}`)));
  }

  /** `hear` is called with whatever the thread tells until it is done. */
  ask(question: Question, hear: Asker["hear"]): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#pending.push({ hear, resolve, reject });
    this.#worker.postMessage(question);
    return promise;
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#pending.splice(0)) reject(error);
  }
}

interface Asker {
  hear(told: Told): void;
  resolve(): void;
  reject(error: Error): void;
}
