import { type BatchShape, checkBatch } from "./batch.ts";
import { type AxisMap, applySeparable, axisMap } from "./separable.ts";

/**
 * Makes the images m times smaller, to round(side / m) pixels, and then their old size again, both by bilinear
 * interpolation with antialiasing: a triangle filter as wide as the larger of the two pixel sizes, pixel centres aligned,
 * weights beyond the border dropped and the rest normalised. m = 1 changes nothing.
 *
 * As torchvision's Resize (antialias is its default) twice on float tensors, and so torch's
 * interpolate(mode="bilinear", antialias=True, align_corners=False); on uint8 images torchvision would also round to
 * whole grey levels in between. Source: Xu et al. (2022), "downscale m times, then back to size"; the interpolation is
 * our choice, for the slides do not say.
 */
export function rescale(images: Float32Array, shape: BatchShape, m: number): Float32Array {
  checkBatch("rescale", images, shape);
  const [, , height, width] = shape;
  return applySeparable(images, shape, rescaleMap(height, m), rescaleMap(width, m));
}

/** How many pixels a side has in between. */
export const rescaledSide = (side: number, m: number): number => Math.round(side / m);

/** Both steps are linear, so their product is one map of the full size. */
function rescaleMap(size: number, m: number): AxisMap {
  const small = rescaledSide(size, m);
  const down = resizeRows(size, small);
  const up = resizeRows(small, size);
  return axisMap(
    up.map((upRow) => {
      const row = new Float64Array(size);
      upRow.forEach((weight, j) => {
        if (weight === 0) return;
        down[j]?.forEach((downWeight, i) => {
          row[i] = (row[i] ?? 0) + weight * downWeight;
        });
      });
      return row;
    }),
  );
}

/** One row of weights over the `from` pixels for each of the `to` pixels. */
function resizeRows(from: number, to: number): Float64Array[] {
  const scale = from / to;
  const support = Math.max(scale, 1);
  return Array.from({ length: to }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const row = Float64Array.from({ length: from }, (_, j) => Math.max(0, 1 - Math.abs(j + 0.5 - centre) / support));
    const sum = row.reduce((total, weight) => total + weight, 0);
    return row.map((weight) => weight / sum);
  });
}
