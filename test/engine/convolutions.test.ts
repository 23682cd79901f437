import fc from "fast-check";
import { describe, test } from "vitest";
import { sizeOf } from "../../src/base/index.ts";
import { grad, lax, np, type Traced, vjp } from "../../src/engine/index.ts";
import { agree, normal, property, seeds } from "./oracle.ts";

type Pair = [number, number];
interface Geometry {
  readonly strides: Pair;
  readonly padding: [Pair, Pair];
  readonly lhsDilation: Pair;
  readonly rhsDilation: Pair;
  readonly groups: number;
}
interface Case extends Geometry {
  readonly images: readonly number[];
  readonly weights: readonly number[];
}

const pair = (min: number, max: number): fc.Arbitrary<Pair> =>
  fc.tuple(fc.integer({ min, max }), fc.integer({ min, max }));

/** Output lengths of a convolution; the engine never sees these. */
function outputs({ images, weights, strides, padding, lhsDilation, rhsDilation }: Case): number[] {
  return [0, 1].map((i) => {
    const of = (list: readonly number[]) => list[i] ?? 1;
    const padded = ((images[i + 2] ?? 1) - 1) * of(lhsDilation) + 1 + (padding[i]?.[0] ?? 0) + (padding[i]?.[1] ?? 0);
    return Math.floor((padded - (((weights[i + 2] ?? 1) - 1) * of(rhsDilation) + 1)) / of(strides)) + 1;
  });
}

/**
 * A window beyond the image, and padding that cuts away all of it, are no convolutions. jax-js also refuses gradients
 * where padding reaches so far beyond the kernel that the transposed padding cuts away more than there is.
 */
function sound(c: Case): boolean {
  return outputs(c).every((length, i) => {
    const [before, after] = c.padding[i] ?? [0, 0];
    const reach = ((c.weights[i + 2] ?? 1) - 1) * (c.rhsDilation[i] ?? 1);
    const cut = (a: number, b: number) => Math.min(a, 0) + Math.min(b, 0);
    return (
      length >= 1 && cut(before, after) + (c.images[i + 2] ?? 0) > 0 && cut(reach - before, reach - after) + length > 0
    );
  });
}

function geometries({
  padding = pair(0, 2),
  strides = pair(1, 3),
  lhsDilation = fc.constant<Pair>([1, 1]),
  rhsDilation = pair(1, 2),
  groups = fc.constant(1),
  channels = fc.integer({ min: 1, max: 3 }),
}: {
  padding?: fc.Arbitrary<Pair>;
  strides?: fc.Arbitrary<Pair>;
  lhsDilation?: fc.Arbitrary<Pair>;
  rhsDilation?: fc.Arbitrary<Pair>;
  groups?: fc.Arbitrary<number>;
  channels?: fc.Arbitrary<number>;
} = {}): fc.Arbitrary<Case> {
  return fc
    .record({
      batch: fc.integer({ min: 1, max: 3 }),
      image: pair(1, 6),
      kernel: pair(1, 3),
      inner: channels,
      outer: channels,
      groups,
      strides,
      padding: fc.tuple(padding, padding),
      lhsDilation,
      rhsDilation,
    })
    .map(({ batch, image, kernel, inner, outer, ...geometry }) => ({
      ...geometry,
      images: [batch, inner * geometry.groups, ...image],
      weights: [outer * geometry.groups, inner, ...kernel],
    }))
    .filter(sound);
}

const convolve =
  ({ strides, padding, lhsDilation, rhsDilation, groups }: Geometry) =>
  (x: Traced, w: Traced): Traced =>
    lax.convGeneralDilated(x, w, strides, padding, { lhsDilation, rhsDilation, featureGroupCount: groups });

/** The convolution, both gradients of <cotangent, conv> and both tangents. */
async function firstDerivatives(geometry: Case, seed: number): Promise<void> {
  const conv = convolve(geometry);
  const shape = [geometry.images[0] ?? 1, geometry.weights[0] ?? 1, ...outputs(geometry)];
  const fn = (x: Traced, w: Traced, ct: Traced) => {
    const [value, pull] = vjp(conv, [x, w]) as [Traced, (ct: Traced) => [Traced, Traced]];
    const [dx, dw] = pull(ct);
    return [value, dx, dw];
  };
  await agree(fn, [normal(geometry.images, seed), normal(geometry.weights, seed + 1), normal(shape, seed + 2)]);
}

/** Both gradients of the squared norm of both gradients of a curved loss: each conv of a conv's derivative. */
async function secondDerivatives(geometry: Case, seed: number): Promise<void> {
  const conv = convolve(geometry);
  const fn = (x: Traced, w: Traced) => {
    const loss = (a: Traced, b: Traced) => np.sum(np.sin(conv(a, b)));
    const byImage = (a: Traced, b: Traced) => np.sum(np.square(grad(loss)(a, b)));
    const byWeight = (b: Traced, a: Traced) => np.sum(np.square(grad((v: Traced, u: Traced) => loss(u, v))(b, a)));
    return [
      grad(byImage)(x, w),
      grad((b: Traced, a: Traced) => byImage(a, b))(w, x),
      grad(byWeight)(w, x),
      grad((a: Traced, b: Traced) => byWeight(b, a))(x, w),
    ];
  };
  const scale = 1 / Math.sqrt(sizeOf(geometry.weights));
  const weights = normal(geometry.weights, seed + 1);
  await agree(fn, [normal(geometry.images, seed), { ...weights, data: weights.data.map((v) => v * scale) }], {
    relative: 1e-4,
  });
}

describe("value and gradients", () => {
  const families = {
    "stride and padding": geometries({ rhsDilation: fc.constant([1, 1]) }),
    "dilated kernels": geometries(),
    "asymmetric and negative padding": geometries({ padding: pair(-2, 2), rhsDilation: pair(1, 2) }),
    "dilated images (transposed convolution)": geometries({
      lhsDilation: pair(1, 3),
      strides: pair(1, 2),
      padding: pair(-1, 3),
    }),
    groups: geometries({ groups: fc.integer({ min: 2, max: 3 }), padding: pair(-1, 2), lhsDilation: pair(1, 2) }),
    "channels that fill the blocks of an image layout": geometries({
      channels: fc.constantFrom(3, 8, 16, 24),
      rhsDilation: fc.constant([1, 1]),
    }),
    "as high as its input, 16 channels and more": fc
      .record({
        image: pair(3, 5),
        width: fc.integer({ min: 1, max: 3 }),
        sides: pair(0, 2),
        stride: fc.integer({ min: 1, max: 2 }),
        dilation: fc.integer({ min: 1, max: 2 }),
        channels: fc.constantFrom(16, 20),
      })
      .map(({ image, width, sides, stride, dilation, channels }) => ({
        images: [2, channels, ...image],
        weights: [3, channels, 3, width],
        strides: [1, stride] as Pair,
        padding: [[1, 1], sides] as [Pair, Pair],
        lhsDilation: [1, 1] as Pair,
        rhsDilation: [1, dilation] as Pair,
        groups: 1,
      }))
      .filter(sound),
  };
  // The interpreter takes long over many channels.
  const runs = (name: string) => (name.includes("channels") ? 10 : 30);
  test.each(Object.entries(families))("%s", (name, family) =>
    property(fc.tuple(family, seeds), ([geometry, seed]) => firstDerivatives(geometry, seed), runs(name))(),
  );
});

describe("what strides leave unread", () => {
  const strided = (
    images: readonly number[],
    weights: readonly number[],
    strides: Pair,
    padding: Pair = [0, 0],
  ): Case => ({
    images,
    weights,
    strides,
    padding: [padding, padding],
    lhsDilation: [1, 1],
    rhsDilation: [1, 1],
    groups: 1,
  });
  test.each([
    ["the last row and column", strided([2, 2, 6, 5], [3, 2, 2, 2], [3, 2])],
    ["the last column", strided([2, 2, 4, 7], [3, 2, 2, 2], [2, 2])],
    ["the last row", strided([2, 2, 7, 4], [3, 2, 2, 2], [2, 2])],
    ["pixels between those of a 1x1 kernel", strided([2, 3, 5, 7], [2, 3, 1, 1], [2, 3])],
    ["and after its last", strided([2, 3, 6, 6], [2, 3, 1, 1], [2, 4])],
    ["and in columns alone", strided([2, 3, 3, 4], [2, 3, 1, 1], [1, 2])],
    ["and among padding", strided([2, 3, 4, 5], [2, 3, 1, 1], [2, 2], [1, 1])],
  ])("%s", (_, geometry) => firstDerivatives(geometry, 3));
});

describe("second derivatives", () => {
  const families = {
    plain: geometries({ rhsDilation: fc.constant([1, 1]) }),
    everything: geometries({ padding: pair(-1, 2), lhsDilation: pair(1, 2), channels: fc.integer({ min: 1, max: 2 }) }),
    groups: geometries({ groups: fc.constant(2), channels: fc.integer({ min: 1, max: 2 }) }),
    blocks: geometries({ channels: fc.constantFrom(8, 16), rhsDilation: fc.constant([1, 1]), strides: pair(1, 2) }),
  };
  test.each(Object.entries(families))("%s", (name, family) =>
    property(
      fc.tuple(family, seeds),
      ([geometry, seed]) => secondDerivatives(geometry, seed),
      name === "blocks" ? 3 : 8,
    )(),
  );
});
