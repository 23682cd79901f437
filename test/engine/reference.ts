/** Layers as nested loops in float64, written without a look at the engine: what it is measured against. */

export interface Array64 {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

export function array64(shape: readonly number[], data: ArrayLike<number> = zeros(shape)): Array64 {
  return { shape, data: Float64Array.from(data) };
}

const zeros = (shape: readonly number[]) => new Float64Array(shape.reduce((a, b) => a * b, 1));

/** The value at an index, 0 outside. */
function at({ shape, data }: Array64, ...index: readonly number[]): number {
  let offset = 0;
  for (const [axis, i] of index.entries()) {
    const length = shape[axis] ?? 0;
    if (i < 0 || i >= length) return 0;
    offset = offset * length + i;
  }
  return data[offset] ?? Number.NaN;
}

/** An array of `shape` from a function of the index. */
function build(shape: readonly number[], value: (...index: number[]) => number): Array64 {
  const data = zeros(shape);
  const index = shape.map(() => 0);
  for (let i = 0; i < data.length; i++) {
    let rest = i;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const length = shape[axis] ?? 1;
      index[axis] = rest % length;
      rest = Math.floor(rest / length);
    }
    data[i] = value(...index);
  }
  return { shape, data };
}

export function relu(x: Array64): Array64 {
  return { shape: x.shape, data: x.data.map((value) => Math.max(value, 0)) };
}

/** x [batch, in, h, w], weight [out, in / groups, kh, kw], bias [out]; zero padding on all sides. */
export function conv2d(
  x: Array64,
  weight: Array64,
  bias: Array64,
  { stride, padding, groups }: { stride: number; padding: number; groups: number },
): Array64 {
  const [batch = 0, , height = 0, width = 0] = x.shape;
  const [out = 0, inner = 0, kh = 0, kw = 0] = weight.shape;
  const size = (length: number, kernel: number) => Math.floor((length + 2 * padding - kernel) / stride) + 1;
  const channels = x.shape[1] ?? 0;
  return build([batch, out, size(height, kh), size(width, kw)], (b = 0, o = 0, i = 0, j = 0) => {
    let sum = at(bias, o);
    const from = Math.floor((o * groups) / out) * inner;
    for (let c = 0; c < inner; c++)
      for (let di = 0; di < kh; di++)
        for (let dj = 0; dj < kw; dj++) {
          const [row, column] = [i * stride + di - padding, j * stride + dj - padding];
          if (row < 0 || row >= height || column < 0 || column >= width) continue;
          const pixel = x.data[((b * channels + from + c) * height + row) * width + column] ?? Number.NaN;
          sum += pixel * (weight.data[((o * inner + c) * kh + di) * kw + dj] ?? Number.NaN);
        }
    return sum;
  });
}

/** The `size` x `size` values of a window. */
function windowOf(x: Array64, b: number, c: number, i: number, j: number, size: number): number[] {
  return Array.from({ length: size * size }, (_, k) =>
    at(x, b, c, i * size + Math.floor(k / size), j * size + (k % size)),
  );
}

function pooled(x: Array64, size: number, of: (window: number[]) => number): Array64 {
  const [batch = 0, channels = 0, height = 0, width = 0] = x.shape;
  return build([batch, channels, height / size, width / size], (b = 0, c = 0, i = 0, j = 0) =>
    of(windowOf(x, b, c, i, j, size)),
  );
}

export const maxPool = (x: Array64, size: number): Array64 => pooled(x, size, (window) => Math.max(...window));

export const averagePool = (x: Array64, size: number): Array64 =>
  pooled(x, size, (window) => window.reduce((a, b) => a + b) / window.length);

/** The gradient of <cotangent, maxPool(x)>: the maxima of a window share its cotangent evenly. */
export function maxPoolGradient(x: Array64, size: number, cotangent: Array64): Array64 {
  return build(x.shape, (b = 0, c = 0, i = 0, j = 0) => {
    const window = windowOf(x, b, c, Math.floor(i / size), Math.floor(j / size), size);
    const largest = Math.max(...window);
    if (at(x, b, c, i, j) !== largest) return 0;
    const ties = window.filter((value) => value === largest).length;
    return at(cotangent, b, c, Math.floor(i / size), Math.floor(j / size)) / ties;
  });
}

export const flatten = (x: Array64): Array64 => ({
  shape: [x.shape[0] ?? 0, x.data.length / (x.shape[0] ?? 1)],
  data: x.data,
});

/** x [batch, in], weight [out, in], bias [out]. */
export function linear(x: Array64, weight: Array64, bias: Array64): Array64 {
  const [batch = 0, inner = 0] = x.shape;
  return build([batch, weight.shape[0] ?? 0], (b = 0, o = 0) => {
    let sum = at(bias, o);
    for (let c = 0; c < inner; c++) sum += at(x, b, c) * at(weight, o, c);
    return sum;
  });
}

/** -log softmax(logits)[label] of each example. */
export function crossEntropy(logits: Array64, labels: ArrayLike<number>): Array64 {
  const [batch = 0, classes = 0] = logits.shape;
  return build([batch], (b = 0) => {
    const row = Array.from({ length: classes }, (_, c) => at(logits, b, c));
    const largest = Math.max(...row);
    const total = row.reduce((sum, value) => sum + Math.exp(value - largest), 0);
    return Math.log(total) + largest - (row[labels[b] ?? 0] ?? Number.NaN);
  });
}

/** d f / d x at every element, by central differences: their error is h^2, their rounding 1e-16 / h. */
export function numericalGradient(f: (x: Array64) => number, x: Array64, h = 1e-5): Array64 {
  const gradient = x.data.map((value, i) =>
    derivative((step) => f({ shape: x.shape, data: x.data.with(i, value + step) }), h),
  );
  return { shape: x.shape, data: gradient };
}

/** f'(0) of a function of one number, by the same formula. */
export function derivative(f: (step: number) => number, h = 1e-5): number {
  return (f(h) - f(-h)) / (2 * h);
}

export const dot = (a: Array64, b: Array64): number =>
  a.data.reduce((sum, value, i) => sum + value * (b.data[i] ?? Number.NaN), 0);
