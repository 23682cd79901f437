import { loadsOf } from "./loops.ts";
import { schedule } from "./schedule.ts";
import { readsOf, type Step, writesOf } from "./steps.ts";
import { type Block, isDense, sameStrides } from "./views.ts";

/** Addresses start here: code reaches back from them by at most a few lanes. */
const start = 4096;
/** A cache line, and the widest vector. */
const alignment = 64;

export interface Plan {
  /** Done once: everything they read is constant. */
  readonly once: readonly Step[];
  readonly always: readonly Step[];
  /** Size of the arena. */
  readonly bytes: number;
}

interface Lifetime {
  first: number;
  last: number;
}

/**
 * Gives every buffer an address in one arena. Constants, and what is computed from constants alone, keep theirs for good;
 * the others share memory with those that live at other times, and a loop writes over what it is the last to read.
 */
export function planMemory(
  steps: readonly Step[],
  given: {
    readonly constants: readonly Block[];
    readonly inputs: readonly Block[];
    readonly outputs: readonly Block[];
  },
): Plan {
  const permanent = permanentBuffers(steps, given.constants);
  const fixed = (step: Step) => writesOf(step).every((buffer) => permanent.has(buffer));
  const once = steps.filter(fixed);
  const always = steps.filter((step) => !fixed(step));
  return assign(once, schedule(always, new Set([...permanent, ...given.outputs])), permanent, given);
}

/** Constants, and buffers whose every writer reads nothing but such. */
function permanentBuffers(steps: readonly Step[], constants: readonly Block[]): ReadonlySet<Block> {
  const writers = new Map<Block, Step[]>();
  for (const step of steps)
    for (const buffer of writesOf(step)) writers.set(buffer, [...(writers.get(buffer) ?? []), step]);
  const permanent = new Set(constants);
  // A buffer's writers follow those of all that they read.
  for (const [buffer, all] of writers)
    if (all.flatMap(readsOf).every((read) => permanent.has(read))) permanent.add(buffer);
  return permanent;
}

function assign(
  once: readonly Step[],
  always: readonly Step[],
  permanent: ReadonlySet<Block>,
  { inputs, outputs }: Parameters<typeof planMemory>[1],
): Plan {
  let top = start;
  const fixed = (buffer: Block) => {
    buffer.address = top;
    top += aligned(buffer.length * buffer.width);
  };
  permanent.forEach(fixed);

  const lives = new Map<Block, Lifetime>();
  const touch = (buffer: Block, at: number) => {
    if (permanent.has(buffer)) return;
    const known = lives.get(buffer);
    if (known) known.last = at;
    else lives.set(buffer, { first: at, last: at });
  };
  for (const buffer of inputs) touch(buffer, -1);
  for (const [i, step] of always.entries())
    for (const buffer of [...readsOf(step), ...writesOf(step)]) touch(buffer, i);
  for (const buffer of outputs) touch(buffer, always.length);

  const owner = overwrites(always, lives, permanent);
  const bytes = place(lives, top);
  for (const [buffer, into] of owner) buffer.address = into.address;
  return { once, always, bytes };
}

const aligned = (bytes: number) => Math.ceil(bytes / alignment) * alignment;

/** Buffers that take over the memory of another, which dies in the loop that makes them. */
function overwrites(
  steps: readonly Step[],
  lives: Map<Block, Lifetime>,
  permanent: ReadonlySet<Block>,
): Map<Block, Block> {
  const owner = new Map<Block, Block>();
  for (const [i, step] of steps.entries()) {
    if (step.kind !== "loop" || step.loop.reduction) continue;
    const { output, expression } = step.loop;
    const life = lives.get(output.buffer);
    if (life?.first !== i || !isDense(output) || output.buffer.length !== sizeOfView(output)) continue;
    const loads = loadsOf(expression);
    const donor = loads.find(({ view }) => {
      const source = owner.get(view.buffer) ?? view.buffer;
      const all = loads.filter((other) => (owner.get(other.view.buffer) ?? other.view.buffer) === source);
      const inPlace = all.every(({ view: v }) => v.offset === 0 && sameStrides(v.strides, output.strides));
      return inPlace && !permanent.has(source) && sameSize(source, output.buffer) && lives.get(source)?.last === i;
    });
    if (donor === undefined) continue;
    const source = owner.get(donor.view.buffer) ?? donor.view.buffer;
    const shared = lives.get(source);
    if (shared === undefined) continue;
    shared.last = life.last;
    owner.set(output.buffer, source);
    lives.delete(output.buffer);
  }
  return owner;
}

const sameSize = (a: Block, b: Block) => a.length === b.length && a.width === b.width;

const sizeOfView = ({ shape }: { readonly shape: readonly number[] }) => shape.reduce((a, b) => a * b, 1);

/** Largest first, each at the lowest address that is free during its life. */
function place(lives: ReadonlyMap<Block, Lifetime>, base: number): number {
  const taken: { from: number; to: number; life: Lifetime }[] = [];
  let end = base;
  for (const [buffer, life] of [...lives].sort(([a], [b]) => b.length - a.length)) {
    const size = aligned(buffer.length * buffer.width);
    let from = base;
    for (const other of taken) {
      const meets = other.life.first <= life.last && life.first <= other.life.last;
      if (meets && from < other.to && other.from < from + size) from = other.to;
    }
    buffer.address = from;
    const entry = { from, to: from + size, life };
    // Kept in order of address, so that one walk finds the lowest gap.
    const at = taken.findIndex((other) => other.from > from);
    taken.splice(at < 0 ? taken.length : at, 0, entry);
    end = Math.max(end, from + size);
  }
  return end;
}
