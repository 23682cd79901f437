import type { LibraryHandle } from "koffi";
import { check, created } from "./c-calls.ts";
import { hostFunctions } from "./expressions.ts";

/** One thing that any thread can do: a piece of a loop of the program's module, or a call of the library. */
export type Task = LoopTask | BuiltCall;

export interface LoopTask {
  /** The name under which the module exports it. */
  readonly loop: string;
  readonly piece: number;
}

/** A built primitive with its operands, as C has them. */
export interface BuiltCall {
  readonly primitive: bigint;
  /** The address of its operands, and how many there are. */
  readonly operands: bigint;
  readonly count: number;
}

/** A stream that runs calls in order. */
const inOrder = 1;

/** Runs calls on the thread that made it. */
export function callRunner(library: LibraryHandle, engine: bigint): (call: BuiltCall) => void {
  const streamCreate = library.func("int dnnl_stream_create(void *, void *, int)");
  const execute = library.func("int dnnl_primitive_execute(void *, void *, int, void *)");
  const stream = created("stream", (out) => streamCreate(out, engine, inOrder));
  return ({ primitive, operands, count }) => check("execution", execute(primitive, stream, count, operands));
}

/** A program's tasks as functions without arguments, for the thread that made it. */
export function taskRunner(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  runCall: (call: BuiltCall) => void,
): (task: Task) => () => void {
  const { exports } = new WebAssembly.Instance(module, { host: { memory, ...hostFunctions } });
  return (task) => {
    if (!("loop" in task)) return () => runCall(task);
    const loop = exports[task.loop] as (piece: number) => void;
    return () => loop(task.piece);
  };
}
