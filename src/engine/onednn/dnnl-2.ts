import type { LibraryHandle } from "koffi";
import { check, chosen } from "./c-calls.ts";
import type { Layout } from "./dnnl.ts";
import type { Versioned } from "./versioned.ts";

/** Sizes of structures in oneDNN 2.0 to 2.7, in bytes, on 64-bit systems; room to spare does no harm. */
const [descriptorBytes, operationBytes] = [704, 8192];
const [anyTag, forwardTraining, relu] = [1, 64, 31];

/** Version 2 fills structures of the caller: a descriptor of the operation first, a primitive descriptor from it. */
export function versionTwo(library: LibraryHandle, engine: bigint): Versioned {
  const fn = (signature: string) => library.func(signature);
  const byStrides = fn("int dnnl_memory_desc_init_by_strides(void *, int, void *, int, void *)");
  const byTag = fn("int dnnl_memory_desc_init_by_tag(void *, int, void *, int, int)");
  const pointers = (count: number) => new Array<string>(count).fill("void *").join(", ");
  const forward = fn(`int dnnl_dilated_convolution_forward_desc_init(void *, int, int, ${pointers(8)})`);
  const inputGradient = fn(`int dnnl_dilated_convolution_backward_data_desc_init(void *, int, ${pointers(7)})`);
  const weightGradient = fn(`int dnnl_dilated_convolution_backward_weights_desc_init(void *, int, ${pointers(8)})`);
  const product = fn(`int dnnl_matmul_desc_init(${pointers(5)})`);
  const create = fn(`int dnnl_primitive_desc_create(${pointers(5)})`);
  const destroy = fn("int dnnl_primitive_desc_destroy(void *)");
  const appendEltwise = fn("int dnnl_post_ops_append_eltwise(void *, float, int, float, float)");

  const choose = (
    describe: (operation: Buffer) => number,
    attributes: bigint | null,
    hint: bigint | null = null,
  ): bigint | undefined => {
    const operation = Buffer.alloc(operationBytes);
    if (describe(operation) !== 0) return undefined;
    return chosen((out) => create(out, operation, attributes, engine, hint));
  };

  return {
    layout(shape, rank, type, strides): Layout {
      const out = Buffer.alloc(descriptorBytes);
      if (strides) check("layout", byStrides(out, rank, shape, type, strides));
      else check("layout", byTag(out, rank, shape, type, anyTag));
      return out;
    },
    // Its bytes are the caller's.
    freeLayout() {},
    convolution(
      kind,
      { image, weight, out },
      { strides, dilation, before, after },
      { attributes, algorithm, ahead: f },
    ) {
      const ahead = choose(
        (operation) =>
          forward(
            operation,
            forwardTraining,
            algorithm,
            f.image,
            f.weight,
            f.bias ?? null,
            f.out,
            strides,
            dilation,
            before,
            after,
          ),
        attributes,
      );
      if (kind === "forward" || ahead === undefined) return ahead;
      const backward =
        kind === "inputGradient"
          ? choose(
              (operation) => inputGradient(operation, algorithm, image, weight, out, strides, dilation, before, after),
              attributes,
              ahead,
            )
          : choose(
              (operation) =>
                weightGradient(operation, algorithm, image, weight, null, out, strides, dilation, before, after),
              attributes,
              ahead,
            );
      check("free", destroy(ahead));
      return backward;
    },
    matmul: (x, y, out, attributes) => choose((operation) => product(operation, x, y, null, out), attributes),
    appendRelu: (operations) => check("rectifier", appendEltwise(operations, 1, relu, 0, 0)),
  };
}
