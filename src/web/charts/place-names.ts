import type { Dot } from "./dots.ts";

/** A name beside its dot, in the axes' units. */
export interface PlacedName {
  readonly name: string;
  readonly family: string;
  readonly textColour: string;
  readonly x: number;
  readonly y: number;
  readonly align: "left" | "right";
}

export interface NameFrame {
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
  readonly logarithmic: boolean;
  /** Pixels of the plot, about. */
  readonly width: number;
  readonly height: number;
}

/** Where a name may stand, from its dot's centre, the best first. */
const offsets = [
  { right: 11, down: -9 },
  { right: 11, down: 10 },
  { right: -11, down: -9 },
  { right: -11, down: 10 },
  { right: 11, down: -23 },
  { right: 11, down: 24 },
] as const;

const letter = 6.4;
const line = 12;

/** A place for each dot's name that covers no other name and no dot; its first place where there is none. */
export function placeNames(dots: readonly Dot[], frame: NameFrame): PlacedName[] {
  const scale = (value: number) => (frame.logarithmic ? Math.log(value) : value);
  const [left, right] = [scale(frame.x[0]), scale(frame.x[1])];
  const [bottom, top] = frame.y;
  const across = (x: number) => ((scale(x) - left) / (right - left)) * frame.width;
  const down = (y: number) => ((top - y) / (top - bottom)) * frame.height;
  const back = (pixel: number) => {
    const at = left + (pixel / frame.width) * (right - left);
    return frame.logarithmic ? Math.exp(at) : at;
  };
  const taken: Box[] = dots.map((dot) => boxAt(across(dot.x), down(dot.y), 6, 6));
  return dots
    .filter(({ name }) => name !== "")
    .map(({ name, family, textColour, x, y }) => {
      const half = (letter * name.length) / 2;
      const places = offsets.map((offset) => {
        const [textX, textY] = [across(x) + offset.right, down(y) + offset.down];
        const box = boxAt(textX + Math.sign(offset.right) * half, textY, half, line / 2);
        return { textX, textY, box, align: offset.right > 0 ? ("left" as const) : ("right" as const) };
      });
      const free = places.find(({ box }) => isInside(box, frame) && !taken.some((other) => overlap(box, other)));
      const place = free ?? places[0];
      if (!place) throw new Error("placeNames: expected at least one place");
      taken.push(place.box);
      const placedY = top - (place.textY / frame.height) * (top - bottom);
      return { name, family, textColour, x: back(place.textX), y: placedY, align: place.align };
    });
}

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

const boxAt = (x: number, y: number, halfWidth: number, halfHeight: number): Box => ({
  left: x - halfWidth,
  right: x + halfWidth,
  top: y - halfHeight,
  bottom: y + halfHeight,
});

const overlap = (a: Box, b: Box) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

const isInside = ({ left, right, top, bottom }: Box, { width, height }: NameFrame) =>
  left >= 0 && top >= 0 && right <= width && bottom <= height;
