import type { BuiltCall } from "./tasks.ts";

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
  /** Frees all layouts and choices made so far; what was built of them stays. */
  forget(): void;
  /** Runs a call on this thread. */
  run(call: BuiltCall): void;
  /** What another thread needs to run the calls that are built here. */
  readonly library: { readonly file: string; readonly engine: bigint };
}

/** Opaque: version 2 copies descriptors, version 3 points to them. */
export type Layout = Buffer | bigint;
export type ElementType = "f32" | "bf16";
/** What convolutions and matrix products read; they add up in float32 either way. */
export type Precision = "float32" | "bf16";
/** Winograd's has fewer multiplications, for 3 x 3 windows without strides; the library has it on some processors. */
export type Algorithm = "direct" | "winograd";
export type ConvolutionKind = "forward" | "inputGradient" | "weightGradient";

export interface ConvolutionLayouts {
  readonly image: Layout;
  readonly weight: Layout;
  readonly bias?: Layout;
  readonly out: Layout;
}

export interface ConvolutionOptions {
  readonly relu: boolean;
  readonly algorithm: Algorithm;
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

/** A built primitive with its operands, until it is freed. */
export interface Call {
  readonly built: BuiltCall;
  /** What `built.operands` is the address of; must live as long as the call. */
  readonly words: Buffer;
  free(): void;
}
