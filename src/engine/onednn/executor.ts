import koffi from "koffi";
import { type Tensor, takeBuffer, tensor } from "../../base/index.ts";
import type { Executable } from "../executable.ts";
import type { Node, NodeType } from "../nodes.ts";
import type { Call, Dnnl, Precision } from "./dnnl.ts";
import { hostFunctions, hostNames } from "./expressions.ts";
import type { Loop } from "./loops.ts";
import { lowerToSteps } from "./lowering.ts";
import { giveBack, takeMemory } from "./memories.ts";
import { planMemory } from "./planner.ts";
import { type Split, splitOf } from "./split.ts";
import type { Step } from "./steps.ts";
import { type Task, taskRunner } from "./tasks.ts";
import type { Share, Team } from "./team.ts";
import type { View } from "./views.ts";
import type { FunctionWriter } from "./wasm-function.ts";
import { encodeModule } from "./wasm-module.ts";
import { Unsupported } from "./workspace.ts";
import { writeLoop } from "./write-loop.ts";

/** What a 32-bit WebAssembly memory can hold. */
const mostBytes = 65536 * 65536;

/**
 * Makes a program ready on oneDNN and loops of WebAssembly, which a team of threads shares where there is one. Throws
 * Unsupported for what they cannot do.
 */
export function prepareOnednn(outputs: readonly Node[], dnnl: Dnnl, options: OnednnOptions = {}): Executable {
  try {
    return prepared(outputs, dnnl, options);
  } finally {
    // Those that were not taken too, and those of a program that cannot be done.
    dnnl.forget();
  }
}

interface OnednnOptions {
  readonly team?: Team | undefined;
  readonly precision?: Precision;
}

function prepared(outputs: readonly Node[], dnnl: Dnnl, { team, precision = "float32" }: OnednnOptions): Executable {
  const threads = team?.size ?? 1;
  const { steps, inputs, constants, outputs: results } = lowerToSteps(outputs, dnnl, { precision, threads });
  const buffers = (views: readonly View[]) => views.map(({ buffer }) => buffer);
  const plan = planMemory(steps, {
    constants: buffers(constants.map(({ view }) => view)),
    inputs: buffers(inputs.map(({ view }) => view)),
    outputs: buffers(results),
  });
  if (plan.bytes > mostBytes) throw new Unsupported(`${Math.ceil(plan.bytes / 1e9)} GB of tensors`);
  const memory = takeMemory(plan.bytes, { shared: team !== undefined });
  const { runs, dispose } = bind([...plan.once, ...plan.always], memory, dnnl, team);
  const once = runs.slice(0, plan.once.length);
  const always = runs.slice(plan.once.length);

  for (const { node, view } of constants) if (node.data) write(memory, view, node.type, node.data);
  for (const run of once) run();
  const types = outputs.map(({ type }) => type);
  return {
    needs: inputs.map(({ node }) => Number(node.attributes.index)),
    async run(given) {
      for (const { node, view } of inputs) write(memory, view, node.type, given(Number(node.attributes.index)).data);
      for (const run of always) run();
      return results.map((view, i) => read(memory, view, types[i] ?? "float32"));
    },
    async dispose() {
      dispose();
      giveBack(memory);
    },
  };
}

interface Bound {
  /** Each step as a function without arguments. */
  readonly runs: readonly (() => void)[];
  dispose(): void;
}

function bind(steps: readonly Step[], memory: WebAssembly.Memory, dnnl: Dnnl, team: Team | undefined): Bound {
  const base = Number(koffi.address(memory.buffer));
  const loops: FunctionWriter[] = [];
  const calls: Call[] = [];
  const named = (loop: Loop, split?: Split) => String(loops.push(writeLoop(loop, split)) - 1);
  const taskOf = (step: Step): Task => {
    if (step.kind === "loop") return { loop: named(step.loop), piece: 0 };
    if (step.kind !== "call") throw new Error(`a thread's share has no place for ${step.kind}`);
    const operands = step.operands.map(({ role, layout, buffer, offset }) => ({
      role,
      layout,
      address: base + buffer.address + buffer.width * offset,
    }));
    const call = dnnl.build(step.choice, operands);
    calls.push(call);
    return call.built;
  };
  /** What each thread does of a step. */
  const shareOf = (step: Step): Share => {
    if (step.kind === "shares") return step.shares.map((share) => share.map(taskOf));
    const split = step.kind === "loop" ? splitOf(step.loop, team?.size ?? 1) : undefined;
    if (step.kind !== "loop" || split === undefined) return [[taskOf(step)]];
    const loop = named(step.loop, split);
    return Array.from({ length: split.pieces }, (_, piece) => [{ loop, piece }]);
  };
  const works = steps.map((step) => (step.kind === "host" ? step : { kind: "tasks" as const, share: shareOf(step) }));

  const imports = hostNames.map((name) => ({ name, arity: hostFunctions[name].length }));
  const module = new WebAssembly.Module(encodeModule(imports, loops, { shared: team !== undefined }));
  const runner = taskRunner(module, memory, dnnl.run);
  const shared = works.flatMap((work) => (work.kind === "tasks" && work.share.length > 1 ? [work.share] : []));
  const enlisted = team?.enlist({ module, memory, shares: shared });
  const runs = works.map((work): (() => void) => {
    if (work.kind === "host") {
      const inputs = work.inputs.map(({ view, type }) => words(memory, view, type));
      const output = words(memory, work.output.view, work.output.type);
      return () => work.run(inputs, output);
    }
    const [own = () => {}, ...more] = (work.share[0] ?? []).map(runner);
    const all =
      more.length === 0
        ? own
        : () => {
            own();
            for (const run of more) run();
          };
    const share = shared.indexOf(work.share);
    return share < 0 || !enlisted ? all : () => enlisted.perform(share, all);
  });
  return {
    runs,
    dispose() {
      enlisted?.dispose();
      for (const call of calls) call.free();
    },
  };
}

/** A dense tensor's elements where they stand. */
function words(memory: WebAssembly.Memory, { buffer, offset, shape }: View, type: NodeType): Float32Array | Int32Array {
  const length = shape.reduce((product, n) => product * n, 1);
  const from = buffer.address + 4 * offset;
  return type === "float32"
    ? new Float32Array(memory.buffer, from, length)
    : new Int32Array(memory.buffer, from, length);
}

function write(memory: WebAssembly.Memory, view: View, type: NodeType, data: Tensor["data"]): void {
  words(memory, view, type).set(data);
}

function read(memory: WebAssembly.Memory, view: View, type: NodeType): Tensor {
  const found = words(memory, view, type);
  if (type === "bool") return tensor("bool", view.shape, Uint8Array.from(found));
  const buffer = takeBuffer(found.byteLength);
  if (found instanceof Int32Array) {
    const data = new Int32Array(buffer);
    data.set(found);
    return tensor("int32", view.shape, data);
  }
  const data = new Float32Array(buffer);
  data.set(found);
  return tensor("float32", view.shape, data);
}
