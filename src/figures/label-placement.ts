/** A rectangle in pixels, y downwards. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** A dot that wants a label: its centre and radius, and the texts it would take, the best first. */
export interface LabelWish {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  readonly texts: readonly { readonly text: string; readonly width: number; readonly height: number }[];
}

/** A text and the centre of its box. */
export interface PlacedLabel {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  /** Which wish it fulfils. */
  readonly wish: number;
}

const gap = 2.5;

/** Where a label may sit about its dot, the best first: fractions of the distance to the right and down. */
const sides: readonly (readonly [number, number])[] = [
  [1, 0],
  [0, -1],
  [-1, 0],
  [0, 1],
  [0.6, -0.6],
  [0.6, 0.6],
  [-0.6, -0.6],
  [-0.6, 0.6],
];

/**
 * Labels beside their dots, greedily in the order of the wishes: each takes the first of its texts for which there is a
 * side within the frame that touches no dot and no label placed before; among such sides the one that covers least of
 * the lines, then the first. A label that finds no place is left out.
 */
export function placeLabels(wishes: readonly LabelWish[], lines: readonly Box[], frame: Box): PlacedLabel[] {
  const dots = wishes.map(({ x, y, radius }) => boxAt(x, y, 2 * radius + 2, 2 * radius + 2));
  const placed: Box[] = [];
  return wishes.flatMap(({ x, y, radius, texts }, wish) => {
    const obstacles = [...dots.filter((_, i) => i !== wish), ...placed];
    for (const { text, width, height } of texts) {
      const best = sides
        .map(([right, down]) => {
          const centreX = x + right * (radius + gap) + (Math.sign(right) * width) / 2;
          const centreY = y + down * (radius + gap) + (Math.sign(down) * height) / 2;
          return { x: centreX, y: centreY, box: boxAt(centreX, centreY, width, height) };
        })
        .filter(({ box }) => inside(box, frame) && !obstacles.some((obstacle) => overlap(box, obstacle) > 0))
        .map((place) => ({ ...place, covered: lines.reduce((sum, line) => sum + overlap(place.box, line), 0) }))
        .reduce<{ x: number; y: number; box: Box; covered: number } | undefined>(
          (least, place) => (least && least.covered <= place.covered ? least : place),
          undefined,
        );
      if (!best) continue;
      placed.push(best.box);
      return [{ text, x: best.x, y: best.y, wish }];
    }
    return [];
  });
}

const boxAt = (x: number, y: number, width: number, height: number): Box => ({
  left: x - width / 2,
  right: x + width / 2,
  top: y - height / 2,
  bottom: y + height / 2,
});

/** The area that two boxes share. */
function overlap(a: Box, b: Box): number {
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  return Math.max(0, width) * Math.max(0, height);
}

const inside = (box: Box, frame: Box) =>
  box.left >= frame.left && box.right <= frame.right && box.top >= frame.top && box.bottom <= frame.bottom;
