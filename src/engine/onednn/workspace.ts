import { sizeOf } from "../../base/index.ts";
import type { NodeType } from "../nodes.ts";
import type { Dnnl, Layout, Precision } from "./dnnl.ts";
import type { Loop } from "./loops.ts";
import { mostPieces } from "./split.ts";
import type { Place, Step } from "./steps.ts";
import { type Block, denseStrides, sameStrides, type View, view, type Width } from "./views.ts";

/** This executor has no kernel for it; another one must run the whole program. */
export class Unsupported extends Error {}

const placeOf = ({ offset, shape, strides }: View) => `${shape} at ${offset} by ${strides}`;

/** A copy of a tensor, which never changes once it is read: of weights above all, which several calls want alike. */
interface Copy {
  readonly of: Block;
  readonly as: string;
  readonly view: View;
}

/** What the steps of one thread's share have to themselves. */
interface Share {
  /** Buffers that each piece needs in passing, in the order in which it asks for them. */
  readonly blocks: Block[];
  next: number;
  /** Until all shares are done, no other one may read them. */
  readonly copies: Copy[];
}

interface Wanted {
  /** Row-major when left out. */
  readonly order?: readonly number[];
  readonly type?: NodeType;
  readonly width?: Width;
}

/** The steps written so far, and new buffers for them. */
export class Workspace {
  readonly dnnl: Dnnl;
  /** In which convolutions and products compute. */
  readonly precision: Precision;
  /** How many compute side by side. */
  readonly threads: number;
  readonly steps: Step[] = [];
  /** Where steps are added: `steps`, or the share that is being written. */
  #list = this.steps;
  /** The share that is being written. */
  #share: Share | undefined;
  readonly #copies: Copy[] = [];
  readonly #packed = new Map<Block, { readonly from: string; readonly place: Place }[]>();

  constructor(dnnl: Dnnl, { precision, threads }: { readonly precision: Precision; readonly threads: number }) {
    this.dnnl = dnnl;
    this.precision = precision;
    this.threads = threads;
  }

  buffer(name: string, length: number, width: Width = 4): Block {
    return { name, length, width, address: -1 };
  }

  /** A new buffer for a tensor whose axes lie in the given order. */
  place(name: string, shape: readonly number[], order?: readonly number[], width: Width = 4): View {
    return view(this.buffer(name, sizeOf(shape), width), shape, denseStrides(shape, order));
  }

  add(step: Step): void {
    this.#list.push(step);
  }

  /**
   * Writes the steps of each piece of some work: threads do their shares of the pieces side by side, one piece after the
   * other, in one buffer for what each needs in passing.
   */
  inRounds(pieces: number, write: (piece: number) => void): void {
    if (pieces === 1) {
      write(0);
      return;
    }
    const shares = this.pieces(pieces);
    const rounds = pieces / shares;
    const written = Array.from({ length: shares }, (_, i) => this.#writeShare(i, rounds, write));
    this.add({ kind: "shares", shares: written.map(({ steps }) => steps) });
    this.#copies.push(...written.flatMap(({ copies }) => copies));
  }

  #writeShare(index: number, rounds: number, write: (piece: number) => void) {
    const steps: Step[] = [];
    const share: Share = { blocks: [], next: 0, copies: [] };
    this.#share = share;
    for (let round = 0; round < rounds; round++) {
      share.next = 0;
      this.#into(steps, () => write(index * rounds + round));
    }
    this.#share = undefined;
    return { steps, copies: share.copies };
  }

  /** A buffer that nobody reads after the piece of work at hand: the next piece has the same. */
  passing(name: string, length: number): Block {
    const share = this.#share;
    const known = share?.blocks[share.next];
    const block = known?.length === length ? known : this.buffer(name, length);
    if (share) share.blocks[share.next++] = block;
    return block;
  }

  /** Writes what all shares of the work at hand read, to be done before them. */
  ahead<T>(write: () => T): T {
    const share = this.#share;
    this.#share = undefined;
    const written = this.#into(this.steps, write);
    this.#share = share;
    return written;
  }

  #into<T>(list: Step[], write: () => T): T {
    const outer = this.#list;
    this.#list = list;
    const written = write();
    this.#list = outer;
    return written;
  }

  /** Into how many equal pieces an axis of this length can be cut, one for a thread. */
  pieces(length: number): number {
    return mostPieces(length, this.threads);
  }

  /** The tensor densely in the given order of axes and with elements of the given width, copied if it does not lie so. */
  dense(given: View, { order = given.shape.map((_, axis) => axis), type = "float32", width = 4 }: Wanted = {}): View {
    const there = given.buffer.width === width && sameStrides(given.strides, denseStrides(given.shape, order));
    if (there) return given;
    const as = `${placeOf(given)} as ${order} in ${width}`;
    const own = this.#share?.copies ?? this.#copies;
    const wanted = (copy: Copy) => copy.of === given.buffer && copy.as === as;
    const known = this.#copies.find(wanted) ?? own.find(wanted);
    if (known) return known.view;
    const copy = this.place("copy", given.shape, order, width);
    this.loop({ space: given.shape, expression: { kind: "load", view: given, type }, output: copy });
    own.push({ of: given.buffer, as, view: copy });
    return copy;
  }

  /** The tensor as a kernel wants it, where it was already reordered so. */
  packed(given: View, wanted: Layout): Place | undefined {
    const all = this.#packed.get(given.buffer)?.filter(({ from }) => from === placeOf(given));
    return all?.find(({ place }) => this.dnnl.same(place.layout, wanted))?.place;
  }

  rememberPacked(given: View, place: Place): void {
    this.#packed.set(given.buffer, [...(this.#packed.get(given.buffer) ?? []), { from: placeOf(given), place }]);
  }

  loop(loop: Loop): void {
    this.add({ kind: "loop", loop });
  }
}
