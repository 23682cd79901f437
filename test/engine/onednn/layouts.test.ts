import { expect, test } from "vitest";
import type { Node } from "../../../src/engine/nodes.ts";
import type { Dnnl, Layout } from "../../../src/engine/onednn/dnnl.ts";
import { versionTwo } from "../../../src/engine/onednn/dnnl-2.ts";
import { versionThree } from "../../../src/engine/onednn/dnnl-3.ts";
import { prepareOnednn } from "../../../src/engine/onednn/executor.ts";
import { findDnnl, openLibrary } from "../../../src/engine/onednn/library.ts";
import { openDnnl } from "../../../src/engine/onednn/open-dnnl.ts";
import { Unsupported } from "../../../src/engine/onednn/workspace.ts";
import { Program } from "../../../src/engine/program.ts";
import { normal } from "../oracle.ts";

const found = findDnnl();
if (!("dnnl" in found)) throw new Error(found.reason);
const { version, library } = found.dnnl;

/** The library, and the layouts that it has made and not freed. */
function counted(): { readonly dnnl: Dnnl; readonly living: ReadonlySet<Layout>; readonly made: () => number } {
  const living = new Set<Layout>();
  let made = 0;
  const symbols = openLibrary(library.file);
  const dnnl = openDnnl({ file: library.file, library: symbols }, (engine) => {
    const own = (version.startsWith("2.") ? versionTwo : versionThree)(symbols, engine);
    return {
      ...own,
      layout(...description) {
        const layout = own.layout(...description);
        living.add(layout);
        made++;
        return layout;
      },
      freeLayout(layout) {
        if (!living.delete(layout)) throw new Error("a layout that nobody made, or freed already");
        own.freeLayout(layout);
      },
    };
  });
  return { dnnl, living, made: () => made };
}

const geometry = { strides: [1, 1], padding: [1, 1, 1, 1], dilation: [1, 1], groups: 1 } as const;

function network(program: Program): Node[] {
  const [x, w] = [program.input(0, [2, 3, 8, 8], "float32"), program.input(1, [16, 3, 3, 3], "float32")];
  const images = program.conv(x, w, geometry);
  return [program.matmul(program.reshape(images, [2, 16 * 64]), program.reshape(images, [16 * 64, 2]))];
}

test("layouts are freed once a program is built, which computes without them", async () => {
  const { dnnl, living, made } = counted();
  const given = [normal([2, 3, 8, 8], 1), normal([16, 3, 3, 3], 2)];
  const results = await Promise.all(
    [dnnl, found.dnnl].map(async (each) => {
      const executable = prepareOnednn(network(new Program()), each);
      const result = await executable.run((leaf) => given[leaf] ?? normal([], 0));
      await executable.dispose();
      return result;
    }),
  );
  expect(made()).toBeGreaterThan(0);
  expect(living.size).toBe(0);
  expect(results[0]).toEqual(results[1]);
});

test("so are those of a program that cannot be done", () => {
  const { dnnl, living, made } = counted();
  const program = new Program();
  const [x, w] = [program.input(2, [2, 3, 8, 8], "int32"), program.input(3, [16, 3, 3, 3], "int32")];
  const outputs = [...network(program), program.conv(x, w, geometry)];
  expect(() => prepareOnednn(outputs, dnnl)).toThrow(Unsupported);
  expect(made()).toBeGreaterThan(0);
  expect(living.size).toBe(0);
});
