import { type BatchShape, checkBatch } from "./batch.ts";
import { type AxisMap, applySeparable, axisMap } from "./separable.ts";

/**
 * Gaussian blur with a k x k kernel, k odd: weights exp(-t^2 / (2 sigma^2)) at t = -(k-1)/2 ... (k-1)/2, normalised to
 * sum to 1, sigma = 0.3 ((k - 1) / 2 - 1) + 0.8, and the image mirrored about its outermost pixels (reflect).
 *
 * As torchvision.transforms.functional.gaussian_blur(images, k) on float tensors; OpenCV's getGaussianKernel has the same
 * sigma. (torchvision's transform class draws sigma from [0.1, 2] instead, so that k hardly matters; here k alone is the
 * strength.) k = 1 changes nothing. Needs (k - 1) / 2 smaller than each side, which `checkStrength` looks after.
 */
export function gaussianBlur(images: Float32Array, shape: BatchShape, k: number): Float32Array {
  checkBatch("gaussianBlur", images, shape);
  const [, , height, width] = shape;
  return applySeparable(images, shape, blurMap(height, k), blurMap(width, k));
}

/** The kernel's k weights. */
function gaussianKernel(k: number): Float64Array {
  const sigma = 0.3 * ((k - 1) / 2 - 1) + 0.8;
  const kernel = Float64Array.from({ length: k }, (_, i) => Math.exp(-0.5 * ((i - (k - 1) / 2) / sigma) ** 2));
  const sum = kernel.reduce((total, weight) => total + weight, 0);
  return kernel.map((weight) => weight / sum);
}

function blurMap(size: number, k: number): AxisMap {
  const kernel = gaussianKernel(k);
  const rows = Array.from({ length: size }, (_, i) => {
    const row = new Float64Array(size);
    kernel.forEach((weight, tap) => {
      const at = reflected(i + tap - (k - 1) / 2, size);
      row[at] = (row[at] ?? 0) + weight;
    });
    return row;
  });
  return axisMap(rows);
}

/** Mirrors an index about the first and the last pixel, without repeating them: -1 is 1, size is size - 2. */
function reflected(at: number, size: number): number {
  if (at < 0) return -at;
  return at < size ? at : 2 * (size - 1) - at;
}
