import { type LaneType, signed, simple, unsigned, type VectorOp, vector } from "./wasm-instructions.ts";

/** Room for the bytes of one number. */
const word = new DataView(new ArrayBuffer(4));

/** One function of an i32 without a result: its locals and its code. */
export class FunctionWriter {
  /** What the function is given. */
  readonly argument: Local = { kind: "i32", index: 0 };
  readonly #code: number[] = [];
  #integers = 1;
  #vectors = 0;

  /** An i32 (numbered from 1 in the order asked for). */
  integer(): Local {
    return { kind: "i32", index: this.#integers++ };
  }

  vector(): Local {
    return { kind: "v128", index: this.#vectors++ };
  }

  do(op: keyof typeof simple): void {
    this.#code.push(...simple[op]);
  }

  apply(op: VectorOp): void {
    this.#code.push(0xfd, ...unsigned(vector[op]));
  }

  get(local: Local): void {
    this.#local(0x20, local);
  }

  set(local: Local): void {
    this.#local(0x21, local);
  }

  constant(value: number): void {
    this.#code.push(0x41, ...signed(value));
  }

  /** Four times the same float32 or int32. */
  splat(value: number, type: LaneType): void {
    if (type === "f32x4") word.setFloat32(0, value, true);
    else word.setInt32(0, value, true);
    const [a, b, c, d] = [0, 1, 2, 3].map((byte) => word.getUint8(byte)) as [number, number, number, number];
    this.#code.push(0xfd, 0x0c, a, b, c, d, a, b, c, d, a, b, c, d, a, b, c, d);
  }

  /**
   * Loads 4 neighbours, one value four times, or one value with anything behind it; the address is on the stack. Elements
   * of 2 bytes are bf16 and become the upper half of a float32.
   */
  load(kind: "four" | "same" | "one", address: number, width: 2 | 4): void {
    const op = width === 4 ? { four: 0x00, same: 0x09, one: 0x5c }[kind] : { four: 0x04, same: 0x08, one: 0x08 }[kind];
    this.#code.push(0xfd, op, width / 2, ...unsigned(address));
    if (width === 4) return;
    this.constant(16);
    this.apply("i32x4.shl");
  }

  /** Loads into one lane, whose lower half is zero where the element has 2 bytes; address and vector are on the stack. */
  loadLane(address: number, lane: number, width: 2 | 4): void {
    if (width === 4) this.#code.push(0xfd, 0x56, 2, ...unsigned(address), lane);
    else this.#code.push(0xfd, 0x55, 1, ...unsigned(address), 2 * lane + 1);
  }

  /** Stores all lanes, or one; address and vector are on the stack. Of a vector of bf16, the lower half is stored. */
  store(address: number, width: 2 | 4, lane?: number): void {
    const [whole, one] = width === 4 ? [[0x0b], 0x5a] : [[0x5b], 0x59];
    if (lane === undefined)
      this.#code.push(0xfd, ...whole, width / 2, ...unsigned(address), ...(width === 2 ? [0] : []));
    else this.#code.push(0xfd, one, width / 2, ...unsigned(address), lane);
  }

  /**
   * Four float32 on the stack become four bf16, the nearest ones with ties to even, side by side in the vector's lower half.
   * x + 0x7fff + (the lowest bit that stays), cut off, carries into the upper half just where that rounds up.
   */
  roundToHalves(): void {
    const value = this.vector();
    this.set(value);
    this.get(value);
    this.get(value);
    this.constant(16);
    this.apply("i32x4.shr_u");
    this.splat(1, "i32x4");
    this.apply("v128.and");
    this.splat(0x7fff, "i32x4");
    this.apply("i32x4.add");
    this.apply("i32x4.add");
    this.set(value);
    this.get(value);
    this.get(value);
    this.#code.push(0xfd, 0x0d, ...[2, 3, 6, 7, 10, 11, 14, 15, 2, 3, 6, 7, 10, 11, 14, 15]);
  }

  extractLane(type: LaneType, lane: number): void {
    this.#code.push(0xfd, type === "f32x4" ? 0x1f : 0x1b, lane);
  }

  replaceLane(type: LaneType, lane: number): void {
    this.#code.push(0xfd, type === "f32x4" ? 0x20 : 0x1c, lane);
  }

  /** Both vectors' lanes, 0 to 3 of the first and 4 to 7 of the second, in a new order. */
  shuffle(lanes: readonly [number, number, number, number]): void {
    this.#code.push(0xfd, 0x0d, ...lanes.flatMap((lane) => [0, 1, 2, 3].map((byte) => 4 * lane + byte)));
  }

  call(imported: number): void {
    this.#code.push(0x10, ...unsigned(imported));
  }

  /** Runs `body` `count` times, at least once. */
  repeat(count: number, body: () => void): void {
    if (count === 1) {
      body();
      return;
    }
    const counter = this.integer();
    this.constant(count);
    this.set(counter);
    this.#code.push(0x03, 0x40);
    body();
    this.get(counter);
    this.constant(-1);
    this.do("i32.add");
    this.#local(0x22, counter);
    this.#code.push(0x0d, 0);
    this.do("end");
  }

  /** The body as a module holds it. Locals of a kind stand together, so numbers of vectors follow those of integers. */
  encode(): number[] {
    const locals = [2, ...unsigned(this.#integers - 1), 0x7f, ...unsigned(this.#vectors), 0x7b];
    const code: number[] = [];
    for (const item of this.#code) {
      if (item >= vectorBase) code.push(...unsigned(item - vectorBase + this.#integers));
      else code.push(item);
    }
    const body = [...locals, ...code, ...simple.end];
    return [...unsigned(body.length), ...body];
  }

  #local(op: number, { kind, index }: Local): void {
    if (kind === "i32") this.#code.push(op, ...unsigned(index));
    else this.#code.push(op, vectorBase + index);
  }
}

/** Beyond every byte: a vector's number, which is known once all integers are. */
const vectorBase = 256;

export interface Local {
  readonly kind: "i32" | "v128";
  readonly index: number;
}
