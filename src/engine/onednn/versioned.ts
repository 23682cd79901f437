import type { ConvolutionKind, ConvolutionLayouts, Layout } from "./dnnl.ts";

/** What the versions do differently. */
export interface Versioned {
  layout(shape: Buffer, rank: number, type: number, strides: Buffer | undefined): Layout;
  freeLayout(layout: Layout): void;
  convolution(
    kind: ConvolutionKind,
    layouts: ConvolutionLayouts,
    geometry: Encoded,
    options: EncodedOptions,
  ): bigint | undefined;
  matmul(x: Layout, y: Layout, out: Layout, attributes: bigint): bigint | undefined;
  appendRelu(operations: bigint): void;
}

export interface EncodedOptions {
  readonly attributes: bigint;
  readonly algorithm: number;
  readonly ahead: ConvolutionLayouts;
}

export interface Encoded {
  readonly strides: Buffer;
  readonly dilation: Buffer;
  readonly before: Buffer;
  readonly after: Buffer;
}
