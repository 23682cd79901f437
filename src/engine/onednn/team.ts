import { once } from "node:events";
import { extname } from "node:path";
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from "node:worker_threads";
import type { Dnnl } from "./dnnl.ts";
import type { Task } from "./tasks.ts";

/** Places in the memory that tells members what to do; where each says that it is done lies on a cache line of its own. */
export const words = { round: 0, program: 1, share: 2, failed: 3 } as const;
export const doneBy = (member: number): number => 16 * (1 + member);

/** A program as a member has it: its tasks of each share, in order. */
export interface MemberProgram {
  readonly id: number;
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly shares: readonly (readonly Task[])[];
}

export type Message = MemberProgram | { readonly drop: number };

export interface MemberSetting {
  readonly member: number;
  readonly control: Int32Array;
  readonly port: MessagePort;
  readonly library: Dnnl["library"];
}

/**
 * Threads that do the shares of a program's steps together with the one that asks, each step before the next. Between
 * them members wait awake for a moment, then asleep, so that an idle team costs nothing.
 */
export class Team {
  readonly size: number;
  readonly #control: Int32Array;
  readonly #members: readonly Member[];
  #programs = 0;

  private constructor(members: readonly Member[], control: Int32Array) {
    this.size = 1 + members.length;
    this.#control = control;
    this.#members = members;
  }

  /** A team of `size` threads, this one among them. */
  static async gather(size: number, { library }: Dnnl): Promise<Team> {
    const control = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT * doneBy(size)));
    const members = Array.from({ length: size - 1 }, (_, i) => new Member({ member: i + 1, control, library }));
    await Promise.all(members.map(({ ready }) => ready));
    return new Team(members, control);
  }

  /** Tells the members a program. */
  enlist({
    shares,
    ...program
  }: Omit<MemberProgram, "id" | "shares"> & { readonly shares: readonly Share[] }): Enlisted {
    const id = ++this.#programs;
    for (const [i, member] of this.#members.entries())
      member.tell({ id, ...program, shares: shares.map((tasks) => tasks[i + 1] ?? []) });
    return {
      perform: (share, own) => this.#perform(id, share, own),
      dispose: () => {
        for (const member of this.#members) member.tell({ drop: id });
      },
    };
  }

  #perform(program: number, share: number, own: () => void): void {
    const control = this.#control;
    control[words.program] = program;
    control[words.share] = share;
    const round = Atomics.add(control, words.round, 1) + 1;
    Atomics.notify(control, words.round);
    let told: string | undefined;
    try {
      own();
    } finally {
      for (let member = 1; member < this.size; member++) awaitValue(control, doneBy(member), round | 0);
      // Heard where `own` failed too, else the next program would be told of it.
      told = this.#heard();
    }
    if (told !== undefined) throw new Error(told);
  }

  /** What went wrong on other threads, the first of it, once all that they told is taken. */
  #heard(): string | undefined {
    if (Atomics.exchange(this.#control, words.failed, 0) === 0) return undefined;
    return this.#members.flatMap((member) => member.heard())[0] ?? "a thread of oneDNN's failed";
  }
}

/** The tasks of one step, member by member, the first those of the thread that asks. */
export type Share = readonly (readonly Task[])[];

export interface Enlisted {
  /** Does a share: `own` here, the others' tasks on their threads. Returns when all are done. */
  perform(share: number, own: () => void): void;
  dispose(): void;
}

class Member {
  readonly ready: Promise<unknown>;
  readonly #port: MessagePort;

  constructor(setting: Omit<MemberSetting, "port">) {
    const { port1, port2 } = new MessageChannel();
    const workerData: MemberSetting = { ...setting, port: port2 };
    const entry = new URL(`./team-member${extname(import.meta.url)}`, import.meta.url);
    // A process's own flags, --eval for one, are not this thread's.
    const execArgv = ["--disable-warning=ExperimentalWarning"];
    const worker = new Worker(entry, { workerData, transferList: [port2], execArgv });
    this.ready = once(worker, "message").finally(() => worker.unref());
    this.#port = port1;
    port1.unref();
  }

  tell(message: Message): void {
    this.#port.postMessage(message);
  }

  heard(): string[] {
    const all: string[] = [];
    for (let told = receiveMessageOnPort(this.#port); told; told = receiveMessageOnPort(this.#port))
      all.push(told.message);
    return all;
  }
}

/** How often a thread looks before it sleeps: some twenty microseconds, as long as waking it takes. */
const looks = 10_000;

/** Waits until a word has a value. */
export function awaitValue(control: Int32Array, at: number, wanted: number): void {
  for (let i = 0; i < looks; i++) if (Atomics.load(control, at) === wanted) return;
  for (let value = Atomics.load(control, at); value !== wanted; value = Atomics.load(control, at))
    Atomics.wait(control, at, value);
}

const teams = new Map<number, Promise<Team>>();

/** The process's team of that size. */
export function teamOf(size: number, dnnl: Dnnl): Promise<Team> {
  const known = teams.get(size) ?? Team.gather(size, dnnl);
  teams.set(size, known);
  return known;
}
