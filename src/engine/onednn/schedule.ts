import { readsOf, type Step, writesOf } from "./steps.ts";
import type { Block } from "./views.ts";

/**
 * The same steps in an order that needs less memory: one that frees more than it makes is done as soon as it can be, such as
 * a weight's gradient, the last to read a layer's images. All others stay in the order given, and so does whatever a step
 * depends on, so that results are the same to the bit. Buffers in `kept` are never freed.
 */
export function schedule(steps: readonly Step[], kept: ReadonlySet<Block>): Step[] {
  const tasks = tasksOf(steps);
  const readers = new Map<Block, Set<Task>>();
  for (const task of tasks)
    for (const buffer of task.reads) readers.set(buffer, (readers.get(buffer) ?? new Set()).add(task));
  const made = new Set<Block>();
  const order: Step[] = [];

  const gain = (task: Task): number => {
    let bytes = 0;
    for (const buffer of task.reads) if (!kept.has(buffer) && readers.get(buffer)?.size === 1) bytes += sizeOf(buffer);
    for (const buffer of task.writes) if (!made.has(buffer)) bytes -= sizeOf(buffer);
    return bytes;
  };
  /** Does a task; returns those that may have become worth doing now. */
  const perform = (task: Task): Task[] => {
    task.done = true;
    order.push(task.step);
    for (const buffer of task.writes) made.add(buffer);
    const next: Task[] = [];
    for (const follower of task.followers) if (--follower.waits === 0) next.push(follower);
    for (const buffer of task.reads) {
      const left = readers.get(buffer);
      left?.delete(task);
      if (left?.size === 1) next.push(...left);
    }
    return next;
  };
  for (const task of tasks) {
    const waiting = [task];
    for (let next = waiting.pop(); next; next = waiting.pop())
      if (!next.done && next.waits === 0 && (next === task || gain(next) > 0)) waiting.push(...perform(next));
  }
  return order;
}

interface Task {
  readonly step: Step;
  readonly reads: ReadonlySet<Block>;
  readonly writes: ReadonlySet<Block>;
  /** Those that must come later. */
  readonly followers: Task[];
  /** How many that must come earlier are not done. */
  waits: number;
  done: boolean;
}

/** A buffer is read after all that was written to it before, and written after all that was read or written before. */
function tasksOf(steps: readonly Step[]): Task[] {
  const writers = new Map<Block, Task[]>();
  const readers = new Map<Block, Task[]>();
  return steps.map((step) => {
    const reads = new Set(readsOf(step));
    const writes = new Set(writesOf(step));
    const task: Task = { step, reads, writes, followers: [], waits: 0, done: false };
    const before = new Set<Task>();
    for (const buffer of [...reads, ...writes]) for (const writer of writers.get(buffer) ?? []) before.add(writer);
    for (const buffer of writes) for (const reader of readers.get(buffer) ?? []) before.add(reader);
    for (const earlier of before) earlier.followers.push(task);
    task.waits = before.size;
    for (const buffer of reads) readers.set(buffer, [...(readers.get(buffer) ?? []), task]);
    for (const buffer of writes) writers.set(buffer, [...(writers.get(buffer) ?? []), task]);
    return task;
  });
}

const sizeOf = ({ length, width }: Block) => length * width;
