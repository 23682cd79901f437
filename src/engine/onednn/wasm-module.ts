import type { FunctionWriter } from "./wasm-function.ts";
import { unsigned } from "./wasm-instructions.ts";

export interface Import {
  readonly name: string;
  /** How many f64 it takes; it gives one. */
  readonly arity: number;
}

/** The most pages of a memory that threads share, which must have an end: all that 32 bits can address. */
export const mostPages = 65536;

/** A module that imports `host.memory` and functions of f64, and exports the functions as "0", "1", ... */
export function encodeModule(
  imports: readonly Import[],
  functions: readonly FunctionWriter[],
  { shared = false }: { readonly shared?: boolean } = {},
): Uint8Array<ArrayBuffer> {
  const text = (name: string) => [...unsigned(name.length), ...Buffer.from(name)];
  const section = (id: number, items: readonly (readonly number[])[]) => {
    const size = items.reduce((sum, item) => sum + item.length, 0);
    const count = unsigned(items.length);
    return [[id, ...unsigned(size + count.length), ...count], ...items];
  };
  const types = [0, 1, 2].map((arity) => [0x60, arity, ...new Array<number>(arity).fill(0x7c), 1, 0x7c]);
  const parts = [
    [[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0]],
    section(1, [[0x60, 1, 0x7f, 0], ...types]),
    section(2, [
      [...text("host"), ...text("memory"), 0x02, ...(shared ? [0x03, 0, ...unsigned(mostPages)] : [0x00, 0])],
      ...imports.map(({ name, arity }) => [...text("host"), ...text(name), 0x00, 1 + arity]),
    ]),
    section(
      3,
      functions.map(() => [0]),
    ),
    section(
      7,
      functions.map((_, i) => [...text(String(i)), 0x00, ...unsigned(imports.length + i)]),
    ),
    section(
      10,
      functions.map((fn) => fn.encode()),
    ),
  ].flat();
  return new Uint8Array(parts.flat());
}
