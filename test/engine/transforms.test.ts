import { describe, expect, test } from "vitest";
import { float32 } from "../../src/base/index.ts";
import {
  conv2d,
  crossEntropy,
  grad,
  jvp,
  linear,
  maxPool,
  np,
  relu,
  type Traced,
  tree,
  valueAndGrad,
  vjp,
  vmap,
} from "../../src/engine/index.ts";
import { agree, normal, whole } from "./oracle.ts";

type Net<Leaf> = { readonly w1: Leaf; readonly b1: Leaf; readonly w2: Leaf; readonly b2: Leaf };
const net: Net<ReturnType<typeof normal>> = {
  w1: normal([4, 3], 1),
  b1: normal([4], 2),
  w2: normal([2, 4], 3),
  b2: normal([2], 4),
};
const forward = (p: Net<Traced>, x: Traced) => linear(np.tanh(linear(x, p.w1, p.b1)), p.w2, p.b2);

test("grad and valueAndGrad of a tree of parameters", async () => {
  const fn = (p: Net<Traced>, x: Traced, y: Traced) => {
    const loss = (q: Net<Traced>) => np.mean(crossEntropy(forward(q, x), y));
    const [value, gradient] = valueAndGrad(loss)(p);
    return { value, gradient, again: grad(loss)(p) };
  };
  await agree(fn, [net, normal([5, 3], 5), whole([5], 6, 0, 2)]);
});

test("jvp: the tangent is the directional derivative", async () => {
  const fn = (p: Net<Traced>, x: Traced, v: Traced) => {
    const [value, tangent] = jvp((u: Traced) => forward(p, u), [x], [v]);
    return [value, tangent, np.sum(np.multiply(tangent, tangent))];
  };
  await agree(fn, [net, normal([5, 3], 5), normal([5, 3], 6)]);
});

test("vjp: the cotangent pulled back, and <ct, J v> from both sides", async () => {
  const fn = (p: Net<Traced>, x: Traced, v: Traced, ct: Traced) => {
    const along = (u: Traced) => forward(p, u);
    const [value, pull] = vjp(along, [x]) as [Traced, (ct: Traced) => [Traced]];
    const [gradient] = pull(ct);
    const [, tangent] = jvp(along, [x], [v]);
    return [value, gradient, np.sum(np.multiply(gradient, v)), np.sum(np.multiply(ct, tangent))];
  };
  const got = await agree(fn, [net, normal([5, 3], 5), normal([5, 3], 6), normal([5, 2], 7)]);
  expect(got[2]?.data[0]).toBeCloseTo(got[3]?.data[0] ?? Number.NaN, 4);
});

test("reverse over forward is reverse over reverse: the gradient of ||grad||^2 two ways", async () => {
  const fn = (p: Net<Traced>, x: Traced) => {
    const along = (q: Net<Traced>) => (u: Traced) => np.sum(np.square(forward(q, u)));
    const reverse = (q: Net<Traced>) => np.sum(np.square(grad(along(q))(x)));
    const fixed = np.multiply(grad(along(p))(x), 2);
    const forwards = (q: Net<Traced>) => jvp(along(q), [x], [fixed])[1];
    return [grad(reverse)(p).w1, grad(forwards)(p).w1];
  };
  const [a, b] = await agree(fn, [net, normal([5, 3], 5)]);
  for (const [i, value] of (a?.data ?? []).entries()) expect(value).toBeCloseTo(b?.data[i] ?? Number.NaN, 3);
});

describe("vmap", () => {
  test("over examples of a function of one", async () => {
    const fn = (p: Net<Traced>, x: Traced, y: Traced) => {
      const one = (v: Traced, label: Traced) =>
        np.sum(crossEntropy(np.reshape(forward(p, np.reshape(v, [1, 3])), [1, 2]), np.reshape(label, [1])));
      return [vmap(one)(x, y), vmap(grad(one))(x, y)];
    };
    await agree(fn, [net, normal([5, 3], 5), whole([5], 6, 0, 2)]);
  });

  test("of elementwise, movement, reduction, product, sort and choice", async () => {
    const fn = (x: Traced, y: Traced) => {
      const one = (a: Traced) => [
        np.add(a, y),
        np.transpose(a),
        np.sum(a, 0),
        np.matmul(a, np.transpose(a)),
        np.sort(a),
        np.where(np.greater(a, 0), a, np.multiply(a, 2)),
        np.take(a, np.array([1, 0, 1], { dtype: np.int32 }), 1),
        np.concatenate([a, a], 0),
        np.flip(a, [0]),
        np.pad(a, [
          [1, 0],
          [0, 2],
        ]),
      ];
      return vmap(one)(x);
    };
    await agree(fn, [normal([3, 2, 4], 1), normal([4], 2)]);
  });

  test("of convolutions: over images, over weights, over both", async () => {
    const fn = (x: Traced, w: Traced, ws: Traced) => {
      const conv = (a: Traced, b: Traced) => conv2d(a, b, undefined, { padding: 1 });
      return [
        vmap((a: Traced) => conv(a, w))(x),
        vmap((b: Traced) => conv(np.sum(x, 0), b))(ws),
        vmap(conv)(x, ws),
        vmap((a: Traced, b: Traced) => grad((v: Traced) => np.sum(np.square(conv(v, b))))(a))(x, ws),
      ];
    };
    await agree(fn, [normal([2, 1, 3, 4, 4], 1), normal([2, 3, 3, 3], 2), normal([2, 2, 3, 3, 3], 3)]);
  });

  test("of relu and max pooling, with gradients", async () => {
    const one = (a: Traced) => maxPool(relu(a), 2);
    const fn = (x: Traced) => [vmap(one)(x), vmap(grad((a: Traced) => np.sum(np.square(one(a)))))(x)];
    await agree(fn, [normal([2, 1, 2, 4, 4], 1)]);
  });

  test("along other axes, and nested", async () => {
    const fn = (x: Traced, y: Traced) => [
      vmap((a: Traced, b: Traced) => np.multiply(a, b), [1, null])(x, y),
      vmap((a: Traced) => vmap((b: Traced) => np.sum(np.sin(b)))(a))(x),
    ];
    await agree(fn, [normal([3, 2], 1), normal([3], 2)]);
  });
});

test("the whole Jacobian, by vmap of vjp and of jvp", async () => {
  const fn = (p: Net<Traced>, x: Traced) => {
    const along = (u: Traced) => np.reshape(forward(p, np.reshape(u, [1, 3])), [2]);
    const [, pull] = vjp(along, [x]) as [Traced, (ct: Traced) => [Traced]];
    return [
      vmap((ct: Traced) => pull(ct)[0])(np.eye(2)),
      np.transpose(vmap((v: Traced) => jvp(along, [x], [v])[1])(np.eye(3))),
    ];
  };
  const [reverse, forwards] = await agree(fn, [net, normal([3], 5)]);
  for (const [i, value] of (reverse?.data ?? []).entries())
    expect(value).toBeCloseTo(forwards?.data[i] ?? Number.NaN, 5);
});

test("third derivatives: sin''' = -cos", async () => {
  const fn = (x: Traced) => grad(grad(grad((v: Traced) => np.sin(v))))(x);
  const [value] = await agree(fn, [float32([], [0.5])]);
  expect(value?.data[0]).toBeCloseTo(-Math.cos(0.5), 6);
});

test("an array may be used again after any transform took it", async () => {
  const fn = (x: Traced) => {
    const square = (v: Traced) => np.sum(np.square(v));
    const first = grad(square)(x);
    const [value, tangent] = jvp(square, [x], [first]);
    const [again, pull] = vjp(square, [x]) as [Traced, (ct: Traced) => [Traced]];
    return [x, first, value, tangent, again, pull(value)[0], pull(tangent)[0], vmap(np.sin)(x), x];
  };
  await agree(fn, [normal([3], 1)]);
});

test("a function may give back its argument, or an array from outside, which stays usable", async () => {
  const fn = (x: Traced, y: Traced) => {
    const results = [
      ...jvp((v: Traced) => v, [x], [y]),
      grad((v: Traced) => v)(np.sum(x)),
      grad((_: Traced) => np.sum(y))(x),
      vmap((v: Traced) => v)(x),
      vmap((_: Traced) => y)(x),
      vmap((v: Traced) => [v, y])(x)[0],
      vjp((v: Traced) => v, [x])[0],
    ];
    return [...results, x, y, np.add(x, y)];
  };
  await agree(fn as never, [normal([3], 1), normal([3], 2)]);
});

test("tree.map over trees of parameters", async () => {
  const fn = (p: Net<Traced>) => tree.map((leaf: Traced) => np.multiply(leaf, 2), p as never) as unknown as Net<Traced>;
  await agree(fn as never, [net]);
});
