import { expect, test } from "vitest";
import type { Choice, ConvolutionKind, Dnnl } from "../../../src/engine/onednn/dnnl.ts";
import { complaintAbout } from "../../../src/engine/onednn/health.ts";
import { findDnnl } from "../../../src/engine/onednn/library.ts";
import { giveBack, takeMemory } from "../../../src/engine/onednn/memories.ts";

function dnnlHere(): Dnnl {
  const found = findDnnl();
  if (!("dnnl" in found)) throw new Error(found.reason);
  return found.dnnl;
}

/** Programs take over the memory of earlier ones, in which right results may lie. */
function forgetResults(): void {
  const memory = takeMemory(1, { shared: false });
  new Uint8Array(memory.buffer).fill(0);
  giveBack(memory);
}

/** The library, but calls of the choices that `broken` names leave their results as they are. */
function without(broken: (choice: Choice) => boolean): Dnnl {
  const dnnl = dnnlHere();
  const idle = new Set<bigint>();
  return {
    ...dnnl,
    build(choice, operands) {
      const call = dnnl.build(choice, operands);
      if (broken(choice)) idle.add(call.built.primitive);
      return call;
    },
    run(call) {
      if (!idle.has(call.primitive)) dnnl.run(call);
    },
  };
}

test("a sound library passes its self-test", async () => {
  expect(await complaintAbout(dnnlHere())).toBeUndefined();
});

test.each([
  ["forward", "convolution"],
  ["inputGradient", "input gradient"],
  ["weightGradient", "weight gradient"],
] as const)("a kernel that computes nothing is found out: %s", async (kind, name) => {
  for (const algorithm of ["direct", "winograd"] as const) {
    const chosen = new Set<Choice>();
    const broken = without((choice) => chosen.has(choice));
    const convolution: Dnnl["convolution"] = (which: ConvolutionKind, layouts, geometry, options) => {
      const choice = broken.convolution(which, layouts, geometry, options);
      if (choice && which === kind && options.algorithm === algorithm) chosen.add(choice);
      return choice;
    };
    forgetResults();
    const complaint = await complaintAbout({ ...broken, convolution });
    // Where the library has no such algorithm there is nothing to find out.
    if (chosen.size > 0) expect(complaint).toMatch(new RegExp(`^its ${name} is off by \\d`));
  }
});

test("a product that computes nothing is found out", async () => {
  const products = new Set<Choice>();
  const broken = without((choice) => products.has(choice));
  const matmul: Dnnl["matmul"] = (x, y, out) => {
    const choice = broken.matmul(x, y, out);
    if (choice) products.add(choice);
    return choice;
  };
  forgetResults();
  expect(await complaintAbout({ ...broken, matmul })).toMatch(/^its matrix product is off by \d/);
});
