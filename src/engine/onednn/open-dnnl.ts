import koffi, { type LibraryHandle } from "koffi";
import { about } from "./about.ts";
import { check, chosen, created, numbers } from "./c-calls.ts";
import { type Algorithm, type Choice, type Dnnl, type ElementType, type Layout, roles } from "./dnnl.ts";
import { callRunner } from "./tasks.ts";
import type { Versioned } from "./versioned.ts";

const algorithms: Readonly<Record<Algorithm, number>> = { direct: 1, winograd: 2 };
const elementTypes: Readonly<Record<ElementType, number>> = { bf16: 2, f32: 3 };
const [queryKernelName, queryArgument] = [8, 255];
const userScratchpad = 1;
const cpu = 1;

/** Joins what all versions share with what `versioned` does its own way. */
export function openDnnl(
  { file, library }: { readonly file: string; readonly library: LibraryHandle },
  versioned: (engine: bigint) => Versioned,
): Dnnl {
  const fn = (signature: string) => library.func(signature);
  const engineCreate = fn("int dnnl_engine_create(void *, int, size_t)");
  const engine = created("engine", (out) => engineCreate(out, cpu, 0));
  const descriptorSize = fn("size_t dnnl_memory_desc_get_size(void *)");
  const descriptorEqual = fn("int dnnl_memory_desc_equal(void *, void *)");
  const query = fn("int dnnl_primitive_desc_query(void *, int, int, void *)");
  const queryLayout = fn("void *dnnl_primitive_desc_query_md(void *, int, int)");
  const freeDescriptor = fn("int dnnl_primitive_desc_destroy(void *)");
  const createPrimitive = fn("int dnnl_primitive_create(void *, void *)");
  const freePrimitive = fn("int dnnl_primitive_destroy(void *)");
  const createMemory = fn("int dnnl_memory_create(void *, void *, void *, void *)");
  const freeMemory = fn("int dnnl_memory_destroy(void *)");
  const reorderCreate = fn("int dnnl_reorder_primitive_desc_create(void *, void *, void *, void *, void *, void *)");
  const attributesCreate = fn("int dnnl_primitive_attr_create(void *)");
  const setScratchpad = fn("int dnnl_primitive_attr_set_scratchpad_mode(void *, int)");
  const setOperations = fn("int dnnl_primitive_attr_set_post_ops(void *, void *)");
  const operationsCreate = fn("int dnnl_post_ops_create(void *)");
  const own = versioned(engine);
  const layoutsMade: Layout[] = [];
  const choicesMade: bigint[] = [];

  const plain = newAttributes();
  const rectifying = newAttributes();
  const operations = created("post-ops", operationsCreate);
  own.appendRelu(operations);
  check("post-ops", setOperations(rectifying, operations));

  function newAttributes(): bigint {
    const attributes = created("attributes", attributesCreate);
    check("scratchpad mode", setScratchpad(attributes, userScratchpad));
    return attributes;
  }

  function choice(handle: bigint | undefined): Choice | undefined {
    if (handle === undefined) return undefined;
    choicesMade.push(handle);
    const name = Buffer.alloc(8);
    check("kernel name", query(handle, queryKernelName, 0, name));
    return {
      handle,
      kernel: koffi.decode(name.readBigUInt64LE(), "char", -1) as string,
      wants: (role) => queryLayout(handle, queryArgument, roles[role]) as bigint,
    };
  }

  return {
    ...about(library),
    layout(shape, strides, type = "f32") {
      const places = strides === "any" ? undefined : numbers(strides);
      const layout = own.layout(numbers(shape), shape.length, elementTypes[type], places);
      layoutsMade.push(layout);
      return layout;
    },
    same: (a, b) => descriptorEqual(a, b) !== 0,
    bytes: (layout) => Number(descriptorSize(layout)),
    convolution(kind, layouts, { strides, dilation, before, after }, { relu, algorithm, ahead }) {
      const geometry = {
        strides: numbers(strides),
        dilation: numbers(dilation),
        before: numbers(before),
        after: numbers(after),
      };
      return choice(
        own.convolution(kind, layouts, geometry, {
          attributes: relu ? rectifying : plain,
          algorithm: algorithms[algorithm],
          ahead: kind === "forward" ? layouts : ahead,
        }),
      );
    },
    matmul: (x, y, out) => choice(own.matmul(x, y, out, plain)),
    reorder: (from, to) => choice(chosen((out) => reorderCreate(out, from, engine, to, engine, plain))),
    build({ handle }, operands) {
      const primitive = created("primitive", (out) => createPrimitive(out, handle));
      const words = Buffer.alloc(16 * operands.length);
      const memories = operands.map(({ role, layout, address }, i) => {
        const memory = created("memory", (out) => createMemory(out, layout, engine, BigInt(address)));
        words.writeInt32LE(roles[role], 16 * i);
        words.writeBigUInt64LE(memory, 16 * i + 8);
        return memory;
      });
      return {
        built: { primitive, operands: koffi.address(words), count: operands.length },
        words,
        free() {
          freePrimitive(primitive);
          for (const memory of memories) freeMemory(memory);
        },
      };
    },
    forget() {
      for (const layout of layoutsMade.splice(0)) own.freeLayout(layout);
      for (const handle of choicesMade.splice(0)) check("free", freeDescriptor(handle));
    },
    run: callRunner(library, engine),
    library: { file, engine },
  };
}
