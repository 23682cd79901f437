/**
 * Where each pixel of a changed image comes from: its centre (x, y) is read at
 *
 *   ((a x + b y + c) / (g x + h y + 1), (d x + e y + f) / (g x + h y + 1))
 *
 * of the image, in pixels from the upper left edge, so that the first pixel's centre is (0.5, 0.5).
 */
export type Homography = readonly [
  a: number,
  b: number,
  c: number,
  d: number,
  e: number,
  f: number,
  g: number,
  h: number,
];

/** A point in pixels: x to the right, y down. */
export type Point = readonly [x: number, y: number];

/**
 * Turns the image clockwise by `degrees` about its centre, then moves it by `right` and `down` pixels
 * (torchvision's functional.affine with scale 1 and no shear).
 */
export function turned(height: number, width: number, degrees: number, [right, down]: Point = [0, 0]): Homography {
  const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  const [x, y] = [width / 2 + right, height / 2 + down];
  return [cos, sin, width / 2 - cos * x - sin * y, -sin, cos, height / 2 + sin * x - cos * y, 0, 0];
}

/**
 * Takes the image's corners (0, 0), (w, 0), (w, h) and (0, h) to four given points, in this order; w and h are the last
 * pixel's indices, width - 1 and height - 1. The points must be the corners of a convex quadrilateral.
 *
 * The map of the unit square to a quadrilateral in closed form (Heckbert, Fundamentals of texture mapping and image
 * warping, 1989, section 2.2.3), inverted and scaled by w and h. torchvision's functional.perspective solves the same
 * eight equations numerically and, as here, applies a map of pixel indices to pixel centres.
 */
export function cornersTo(w: number, h: number, points: readonly [Point, Point, Point, Point]): Homography {
  const [[x0, y0], [x1, y1], [x2, y2], [x3, y3]] = points;
  // Unit square to quadrilateral: ((a u + b v + x0) / (p u + q v + 1), (d u + e v + y0) / (p u + q v + 1)).
  const [sumX, sumY] = [x0 - x1 + x2 - x3, y0 - y1 + y2 - y3];
  const cross = (x1 - x2) * (y3 - y2) - (y1 - y2) * (x3 - x2);
  const p = (sumX * (y3 - y2) - sumY * (x3 - x2)) / cross;
  const q = ((x1 - x2) * sumY - (y1 - y2) * sumX) / cross;
  const [a, b] = [x1 - x0 + p * x1, x3 - x0 + q * x3];
  const [d, e] = [y1 - y0 + p * y1, y3 - y0 + q * y3];
  // Its inverse is its adjugate, up to a factor that makes the last entry 1.
  const last = a * e - b * d;
  return [
    ((e - y0 * q) * w) / last,
    ((x0 * q - b) * w) / last,
    ((b * y0 - x0 * e) * w) / last,
    ((y0 * p - d) * h) / last,
    ((a - x0 * p) * h) / last,
    ((x0 * d - a * y0) * h) / last,
    (d * q - e * p) / last,
    (b * p - a * q) / last,
  ];
}
