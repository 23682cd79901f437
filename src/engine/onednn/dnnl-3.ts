import type { LibraryHandle } from "koffi";
import { check, chosen, created } from "./c-calls.ts";
import type { Versioned } from "./versioned.ts";

const [anyTag, forwardTraining, relu] = [1, 64, 32];

/** Version 3 makes a primitive descriptor in one call; descriptors of memory are its own, seen through pointers. */
export function versionThree(library: LibraryHandle, engine: bigint): Versioned {
  const fn = (signature: string) => library.func(signature);
  const pointers = (count: number) => new Array<string>(count).fill("void *").join(", ");
  const byStrides = fn("int dnnl_memory_desc_create_with_strides(void *, int, void *, int, void *)");
  const byTag = fn("int dnnl_memory_desc_create_with_tag(void *, int, void *, int, int)");
  const forward = fn(`int dnnl_convolution_forward_primitive_desc_create(void *, void *, int, int, ${pointers(9)})`);
  const inputGradient = fn(
    `int dnnl_convolution_backward_data_primitive_desc_create(void *, void *, int, ${pointers(9)})`,
  );
  const weightGradient = fn(
    `int dnnl_convolution_backward_weights_primitive_desc_create(void *, void *, int, ${pointers(10)})`,
  );
  const product = fn(`int dnnl_matmul_primitive_desc_create(${pointers(7)})`);
  const destroy = fn("int dnnl_primitive_desc_destroy(void *)");
  const destroyLayout = fn("int dnnl_memory_desc_destroy(void *)");
  const appendEltwise = fn("int dnnl_post_ops_append_eltwise(void *, int, float, float)");

  return {
    layout: (shape, rank, type, strides) =>
      created("layout", (out) =>
        strides ? byStrides(out, rank, shape, type, strides) : byTag(out, rank, shape, type, anyTag),
      ),
    freeLayout: (layout) => check("free", destroyLayout(layout)),
    convolution(
      kind,
      { image, weight, out },
      { strides, dilation, before, after },
      { attributes, algorithm, ahead: f },
    ) {
      const window = [strides, dilation, before, after];
      const ahead = chosen((into) =>
        forward(
          into,
          engine,
          forwardTraining,
          algorithm,
          f.image,
          f.weight,
          f.bias ?? null,
          f.out,
          ...window,
          attributes,
        ),
      );
      if (kind === "forward" || ahead === undefined) return ahead;
      const backward = chosen((into) =>
        kind === "inputGradient"
          ? inputGradient(into, engine, algorithm, image, weight, out, ...window, ahead, attributes)
          : weightGradient(into, engine, algorithm, image, weight, null, out, ...window, ahead, attributes),
      );
      check("free", destroy(ahead));
      return backward;
    },
    matmul: (x, y, out, attributes) => chosen((into) => product(into, engine, x, y, null, out, attributes)),
    appendRelu: (operations) => check("rectifier", appendEltwise(operations, relu, 0, 0)),
  };
}
