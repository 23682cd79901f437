import koffi, { type LibraryHandle } from "koffi";

/** The part of oneDNN's C API that is used here, one interface for its versions 2 and 3. */
export interface Dnnl {
  /** "2.6.3" */
  readonly version: string;
  /** The instruction set that its kernels use, "avx512_core_bf16". */
  readonly instructions: string;
  /** A tensor's place in memory; "any" leaves the layout to the primitive. Strides are in elements. */
  layout(shape: readonly number[], strides: readonly number[] | "any", type?: ElementType): Layout;
  same(a: Layout, b: Layout): boolean;
  bytes(layout: Layout): number;
  /** Kernels that are chosen, not yet built; undefined where the library has none for these layouts. */
  convolution(
    kind: ConvolutionKind,
    layouts: ConvolutionLayouts,
    geometry: Geometry,
    options: ConvolutionOptions,
  ): Choice | undefined;
  matmul(x: Layout, y: Layout, out: Layout): Choice | undefined;
  reorder(from: Layout, to: Layout): Choice | undefined;
  /** Builds what was chosen, on memory at fixed addresses. */
  build(choice: Choice, operands: readonly Operand[]): Call;
  /** How many threads the next choices are made for and the next calls use. */
  setThreads(count: number): void;
}

/** Opaque: version 2 copies descriptors, version 3 points to them. */
export type Layout = Buffer | bigint;
export type ElementType = "f32" | "bf16";
/** What convolutions and matrix products read; they add up in float32 either way. */
export type Precision = "float32" | "bf16";
export type ConvolutionKind = "forward" | "inputGradient" | "weightGradient";

export interface ConvolutionLayouts {
  readonly image: Layout;
  readonly weight: Layout;
  readonly bias?: Layout;
  readonly out: Layout;
}

export interface ConvolutionOptions {
  readonly relu: boolean;
  /** Those of the forward convolution whose gradient it is, which must all have one type. */
  readonly ahead: ConvolutionLayouts;
}

/** Two numbers each; `dilation` counts the gaps, so 0 is none. */
export interface Geometry {
  readonly strides: readonly number[];
  readonly dilation: readonly number[];
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** A primitive descriptor. */
export interface Choice {
  readonly handle: bigint;
  /** The name of its kernel; "ref" in it means a plain loop, hundreds of times slower. */
  readonly kernel: string;
  /** The layout it wants for an operand. */
  wants(role: Role): Layout;
  free(): void;
}

/** The places that operands take in a call, numbered as in oneDNN. */
export const roles = {
  source: 1,
  destination: 17,
  weights: 33,
  bias: 41,
  scratchpad: 80,
  sourceGradient: 129,
  destinationGradient: 145,
  weightsGradient: 161,
} as const;
export type Role = keyof typeof roles;

export interface Operand {
  readonly role: Role;
  readonly layout: Layout;
  /** In this process's memory. */
  readonly address: number;
}

/** A built primitive with its operands. */
export interface Call {
  run(): void;
  free(): void;
}

/** What the versions do differently. */
export interface Versioned {
  layout(shape: Buffer, rank: number, type: number, strides: Buffer | undefined): Layout;
  convolution(
    kind: ConvolutionKind,
    layouts: ConvolutionLayouts,
    geometry: Encoded,
    { attributes, ahead }: { readonly attributes: bigint; readonly ahead: ConvolutionLayouts },
  ): bigint | undefined;
  matmul(x: Layout, y: Layout, out: Layout, attributes: bigint): bigint | undefined;
  appendRelu(operations: bigint): void;
}

export interface Encoded {
  readonly strides: Buffer;
  readonly dilation: Buffer;
  readonly before: Buffer;
  readonly after: Buffer;
}

const elementTypes: Readonly<Record<ElementType, number>> = { bf16: 2, f32: 3 };
const dimensions = 12;
const [queryKernelName, queryArgument] = [8, 255];
const userScratchpad = 1;
const cpu = 1;
/** A stream that runs calls in order. */
const inOrder = 1;

export function check(what: string, status: number): void {
  if (status !== 0) throw new Error(`oneDNN: ${what} failed with status ${status}`);
}

/** The handle that a function writes to where its first argument points. */
export function created(what: string, create: (out: Buffer) => number): bigint {
  const out = Buffer.alloc(8);
  check(what, create(out));
  return out.readBigUInt64LE();
}

/** The same, undefined when the library answers that it has no such thing. */
export function chosen(create: (out: Buffer) => number): bigint | undefined {
  const out = Buffer.alloc(8);
  return create(out) === 0 ? out.readBigUInt64LE() : undefined;
}

export function numbers(list: readonly number[]): Buffer {
  const out = Buffer.alloc(8 * dimensions);
  for (const [i, value] of list.entries()) out.writeBigInt64LE(BigInt(value), 8 * i);
  return out;
}

/** Joins what all versions share with what `versioned` does its own way. */
export function openDnnl(
  library: LibraryHandle,
  versioned: (engine: bigint) => Versioned,
  setThreads: (n: number) => void,
): Dnnl {
  const fn = (signature: string) => library.func(signature);
  const engineCreate = fn("int dnnl_engine_create(void *, int, size_t)");
  const engine = created("engine", (out) => engineCreate(out, cpu, 0));
  const streamCreate = fn("int dnnl_stream_create(void *, void *, int)");
  const stream = created("stream", (out) => streamCreate(out, engine, inOrder));
  const descriptorSize = fn("size_t dnnl_memory_desc_get_size(void *)");
  const descriptorEqual = fn("int dnnl_memory_desc_equal(void *, void *)");
  const query = fn("int dnnl_primitive_desc_query(void *, int, int, void *)");
  const queryLayout = fn("void *dnnl_primitive_desc_query_md(void *, int, int)");
  const freeDescriptor = fn("int dnnl_primitive_desc_destroy(void *)");
  const createPrimitive = fn("int dnnl_primitive_create(void *, void *)");
  const freePrimitive = fn("int dnnl_primitive_destroy(void *)");
  const createMemory = fn("int dnnl_memory_create(void *, void *, void *, void *)");
  const freeMemory = fn("int dnnl_memory_destroy(void *)");
  const execute = fn("int dnnl_primitive_execute(void *, void *, int, void *)");
  const reorderCreate = fn("int dnnl_reorder_primitive_desc_create(void *, void *, void *, void *, void *, void *)");
  const attributesCreate = fn("int dnnl_primitive_attr_create(void *)");
  const setScratchpad = fn("int dnnl_primitive_attr_set_scratchpad_mode(void *, int)");
  const setOperations = fn("int dnnl_primitive_attr_set_post_ops(void *, void *)");
  const operationsCreate = fn("int dnnl_post_ops_create(void *)");
  const own = versioned(engine);

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
    const name = Buffer.alloc(8);
    check("kernel name", query(handle, queryKernelName, 0, name));
    return {
      handle,
      kernel: koffi.decode(name.readBigUInt64LE(), "char", -1) as string,
      wants: (role) => queryLayout(handle, queryArgument, roles[role]) as bigint,
      free: () => check("free", freeDescriptor(handle)),
    };
  }

  return {
    ...about(library),
    layout: (shape, strides, type = "f32") =>
      own.layout(numbers(shape), shape.length, elementTypes[type], strides === "any" ? undefined : numbers(strides)),
    same: (a, b) => descriptorEqual(a, b) !== 0,
    bytes: (layout) => Number(descriptorSize(layout)),
    convolution(kind, layouts, { strides, dilation, before, after }, { relu, ahead }) {
      const geometry = {
        strides: numbers(strides),
        dilation: numbers(dilation),
        before: numbers(before),
        after: numbers(after),
      };
      return choice(
        own.convolution(kind, layouts, geometry, {
          attributes: relu ? rectifying : plain,
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
      const count = operands.length;
      return {
        run: () => check("execution", execute(primitive, stream, count, words)),
        free() {
          freePrimitive(primitive);
          for (const memory of memories) freeMemory(memory);
        },
      };
    },
    setThreads,
  };
}

const instructionSets: Readonly<Record<number, string>> = {
  1: "sse41",
  3: "avx",
  7: "avx2",
  15: "avx2_vnni",
  31: "avx2_vnni_2",
  39: "avx512_core",
  103: "avx512_core_vnni",
  231: "avx512_core_bf16",
  495: "avx10_1_512",
  1007: "avx512_core_fp16",
  4079: "avx512_core_amx",
  8175: "avx512_core_amx_fp16",
};

/** Version and instruction set; needs no engine. */
export function about(library: LibraryHandle): Pick<Dnnl, "version" | "instructions"> {
  const [major, minor, patch] = koffi.decode(library.func("void *dnnl_version()")(), "int", 3) as number[];
  const set = library.func("int dnnl_get_effective_cpu_isa()")() as number;
  return {
    version: `${major}.${minor}.${patch}`,
    instructions: instructionSets[set] ?? `0x${set.toString(16)}`,
  };
}
