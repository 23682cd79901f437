/** Eigenvalues, ascending, and for each a unit eigenvector. */
export interface SymmetricEigen {
  readonly values: Float64Array;
  /** Row k is the eigenvector of value k: [n, n]. */
  readonly vectors: Float64Array;
}

/**
 * The eigen-decomposition of a symmetric [n, n] matrix: Householder reflections to a tridiagonal one, then QL steps with
 * Wilkinson's shift (Golub and Van Loan, Matrix Computations, 8.3). About 6 n^3 multiply-adds: 1 s at n = 512. Values are
 * right to float64's precision times the largest of them.
 */
export function symmetricEigen(matrix: Float64Array, n: number): SymmetricEigen {
  const { diagonal, beside, rows } = tridiagonal(matrix, n);
  diagonalise(diagonal, beside, rows, n);
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => (diagonal[i] ?? 0) - (diagonal[j] ?? 0));
  const vectors = new Float64Array(n * n);
  for (const [k, from] of order.entries()) vectors.set(rows.subarray(from * n, (from + 1) * n), k * n);
  return { values: Float64Array.from(order, (i) => diagonal[i] ?? 0), vectors };
}

/** A = Q T Q' with T tridiagonal: its diagonal [n], what stands beside it [n] (the last one 0), and the rows of Q'. */
function tridiagonal(matrix: Float64Array, n: number) {
  const a = matrix.slice();
  const rows = new Float64Array(n * n);
  for (let i = 0; i < n; i++) rows[i * n + i] = 1;
  const [v, w] = [new Float64Array(n), new Float64Array(n)];
  const rounding = Number.EPSILON * a.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  for (let k = 0; k < n - 2; k++) {
    // The reflection I - 2 v v' that turns column k, below its diagonal, into a multiple of the first unit vector.
    let norm = 0;
    for (let i = k + 1; i < n; i++) norm += (a[i * n + k] as number) ** 2;
    norm = Math.sqrt(norm);
    // What is left of the column is nothing beside the matrix, and its direction would be noise.
    if (norm <= rounding) continue;
    const head = a[(k + 1) * n + k] as number;
    const alpha = head > 0 ? -norm : norm;
    let length = 0;
    for (let i = k + 1; i < n; i++) {
      v[i] = (a[i * n + k] as number) - (i === k + 1 ? alpha : 0);
      length += (v[i] as number) ** 2;
    }
    length = Math.sqrt(length);
    for (let i = k + 1; i < n; i++) v[i] = (v[i] as number) / length;
    reflectBothSides(a, v, w, n, k);
    reflectRows(rows, v, w, n, k);
  }
  return {
    diagonal: Float64Array.from({ length: n }, (_, i) => a[i * n + i] as number),
    beside: Float64Array.from({ length: n }, (_, i) => (i < n - 1 ? (a[(i + 1) * n + i] as number) : 0)),
    rows,
  };
}

/** a <- (I - 2 v v') a (I - 2 v v') = a - 2 (v w' + w v') with p = a v and w = p - (v . p) v; v is 0 up to k. */
function reflectBothSides(a: Float64Array, v: Float64Array, w: Float64Array, n: number, k: number): void {
  let along = 0;
  for (let i = k; i < n; i++) {
    let sum = 0;
    for (let j = k + 1; j < n; j++) sum += (a[i * n + j] as number) * (v[j] as number);
    w[i] = sum;
    if (i > k) along += sum * (v[i] as number);
  }
  for (let i = k + 1; i < n; i++) w[i] = (w[i] as number) - along * (v[i] as number);
  for (let i = k; i < n; i++) {
    const [vi, wi] = [i > k ? (v[i] as number) : 0, w[i] as number];
    for (let j = k; j < n; j++) {
      const vj = j > k ? (v[j] as number) : 0;
      a[i * n + j] = (a[i * n + j] as number) - 2 * (vi * (w[j] as number) + wi * vj);
    }
  }
}

/** rows <- (I - 2 v v') rows. */
function reflectRows(rows: Float64Array, v: Float64Array, u: Float64Array, n: number, k: number): void {
  u.fill(0);
  for (let i = k + 1; i < n; i++) {
    const factor = v[i] as number;
    for (let j = 0; j < n; j++) u[j] = (u[j] as number) + factor * (rows[i * n + j] as number);
  }
  for (let i = k + 1; i < n; i++) {
    const factor = 2 * (v[i] as number);
    for (let j = 0; j < n; j++) rows[i * n + j] = (rows[i * n + j] as number) - factor * (u[j] as number);
  }
}

/** Turns d into the eigenvalues and the rows into eigenvectors by rotations that drive e, beside the diagonal, to 0. */
function diagonalise(d: Float64Array, e: Float64Array, rows: Float64Array, n: number): void {
  const at = (list: Float64Array, i: number) => list[i] as number;
  // Beside the largest, the smallest may be less than rounding, and would be sought for ever.
  const largest = d.reduce((most, value, i) => Math.max(most, Math.abs(value) + Math.abs(at(e, i))), 0);
  const rounding = Math.max(2 ** -1022, Number.EPSILON * largest);
  for (let from = 0; from < n; from++)
    for (let step = 0; ; step++) {
      let to = from;
      while (to < n - 1 && Math.abs(at(e, to)) > rounding) to++;
      if (to === from) break;
      if (step === 60) throw new Error(`symmetricEigen: eigenvalue ${from} of ${n} was not found in ${step} steps`);
      const slope = (at(d, from + 1) - at(d, from)) / (2 * at(e, from));
      const shift = at(e, from) / (slope + (slope < 0 ? -1 : 1) * Math.hypot(slope, 1));
      let [g, sine, cosine, carried] = [at(d, to) - at(d, from) + shift, 1, 1, 0];
      let i = to - 1;
      for (; i >= from; i--) {
        const [f, b] = [sine * at(e, i), cosine * at(e, i)];
        const r = Math.hypot(f, g);
        e[i + 1] = r;
        if (r === 0) {
          // The block falls apart here.
          d[i + 1] = at(d, i + 1) - carried;
          e[to] = 0;
          break;
        }
        [sine, cosine] = [f / r, g / r];
        g = at(d, i + 1) - carried;
        const turned = (at(d, i) - g) * sine + 2 * cosine * b;
        carried = sine * turned;
        d[i + 1] = g + carried;
        g = cosine * turned - b;
        rotateRows(rows, n, i, cosine, sine);
      }
      if (i >= from) continue;
      d[from] = at(d, from) - carried;
      e[from] = g;
      e[to] = 0;
    }
}

/** Rows i and i + 1 turned in their plane. */
function rotateRows(rows: Float64Array, n: number, i: number, cosine: number, sine: number): void {
  const [first, second] = [i * n, (i + 1) * n];
  for (let k = 0; k < n; k++) {
    const [x, y] = [rows[first + k] as number, rows[second + k] as number];
    rows[first + k] = cosine * x - sine * y;
    rows[second + k] = sine * x + cosine * y;
  }
}
