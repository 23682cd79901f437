import koffi from "koffi";
import { type Tensor, takeBuffer, tensor } from "../../base/index.ts";
import type { Executable } from "../executable.ts";
import type { Node, NodeType } from "../nodes.ts";
import type { Call, Dnnl, Precision } from "./dnnl.ts";
import { hostFunctions, hostNames } from "./expressions.ts";
import { lowerToSteps } from "./lowering.ts";
import { giveBack, takeMemory } from "./memories.ts";
import { planMemory } from "./planner.ts";
import type { Step } from "./steps.ts";
import type { View } from "./views.ts";
import type { FunctionWriter } from "./wasm-function.ts";
import { encodeModule } from "./wasm-module.ts";
import { Unsupported } from "./workspace.ts";
import { writeLoop } from "./write-loop.ts";

/** What a 32-bit WebAssembly memory can hold. */
const mostBytes = 65536 * 65536;

/** Makes a program ready on oneDNN and loops of WebAssembly. Throws Unsupported for what they cannot do. */
export function prepareOnednn(
  outputs: readonly Node[],
  dnnl: Dnnl,
  { threads, precision = "float32" }: { readonly threads: number; readonly precision?: Precision },
): Executable {
  dnnl.setThreads(threads);
  const { steps, inputs, constants, outputs: results } = lowerToSteps(outputs, dnnl, precision);
  const buffers = (views: readonly View[]) => views.map(({ buffer }) => buffer);
  const plan = planMemory(steps, {
    constants: buffers(constants.map(({ view }) => view)),
    inputs: buffers(inputs.map(({ view }) => view)),
    outputs: buffers(results),
  });
  if (plan.bytes > mostBytes) throw new Unsupported(`${Math.ceil(plan.bytes / 1e9)} GB of tensors`);
  const memory = takeMemory(plan.bytes);
  const all = [...plan.once, ...plan.always];
  const { runs, calls } = bind(all, memory, dnnl);
  const once = runs.slice(0, plan.once.length);
  const always = runs.slice(plan.once.length);

  for (const { node, view } of constants) if (node.data) write(memory, view, node.type, node.data);
  for (const run of once) run();
  const types = outputs.map(({ type }) => type);
  return {
    needs: inputs.map(({ node }) => Number(node.attributes.index)),
    async run(given) {
      dnnl.setThreads(threads);
      for (const { node, view } of inputs) write(memory, view, node.type, given(Number(node.attributes.index)).data);
      for (const run of always) run();
      return results.map((view, i) => read(memory, view, types[i] ?? "float32"));
    },
    async dispose() {
      for (const call of calls) call.free();
      giveBack(memory);
    },
  };
}

/** Steps as functions without arguments. */
function bind(steps: readonly Step[], memory: WebAssembly.Memory, dnnl: Dnnl): { runs: (() => void)[]; calls: Call[] } {
  const base = Number(koffi.address(memory.buffer));
  const loops: FunctionWriter[] = [];
  for (const step of steps) if (step.kind === "loop") loops.push(writeLoop(step.loop));
  const imports = hostNames.map((name) => ({ name, arity: hostFunctions[name].length }));
  const module = new WebAssembly.Module(encodeModule(imports, loops));
  const { exports } = new WebAssembly.Instance(module, { host: { memory, ...hostFunctions } });
  const calls: Call[] = [];
  let next = 0;
  const runs = steps.map((step): (() => void) => {
    if (step.kind === "loop") return exports[String(next++)] as () => void;
    if (step.kind === "host") {
      const inputs = step.inputs.map(({ view, type }) => words(memory, view, type));
      const output = words(memory, step.output.view, step.output.type);
      return () => step.run(inputs, output);
    }
    const call = dnnl.build(
      step.choice,
      step.operands.map(({ role, layout, buffer, offset }) => ({
        role,
        layout,
        address: base + buffer.address + buffer.width * offset,
      })),
    );
    calls.push(call);
    return call.run;
  });
  // Layouts that one choice wanted are read by the reorders around it, so none is freed before all are built.
  for (const step of steps) if (step.kind === "call") step.choice.free();
  return { runs, calls };
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
