import { Transformer } from "@napi-rs/image";
import { noise } from "./samples.ts";

type Colour = readonly [red: number, green: number, blue: number];

const raster = (colour: Colour, width: number, height: number) =>
  Transformer.fromRgbaPixels(
    Uint8Array.from({ length: 4 * width * height }, (_, i) => (i % 4 === 3 ? 255 : (colour[i % 4] ?? 0))),
    width,
    height,
  );

/** Pictures of one colour, as files. */
export const png = (colour: Colour, width = 8, height = 8): Uint8Array => raster(colour, width, height).pngSync();
export const jpeg = (colour: Colour, width = 8, height = 8): Uint8Array => raster(colour, width, height).jpegSync(95);
export const webp = (colour: Colour, width = 8, height = 8): Uint8Array => raster(colour, width, height).webpSync();
export const greyJpeg = (level: number, width = 8, height = 8): Uint8Array =>
  raster([level, level, level], width, height).grayscale().jpegSync(95);

/** A JPEG of noise, long enough to be cut. */
export const noisyJpeg = (side = 64): Uint8Array =>
  Transformer.fromRgbaPixels(noise(4 * side * side), side, side).jpegSync(90);

/** 8 x 8 pixels of red (220, 30, 40) as a CMYK JPEG of Adobe's kind, by libvips. */
export const cmykJpeg: Uint8Array = Buffer.from(
  "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwADAgIDAgIDAwMDBAMDBAUIBQUEBAUKBwcGCAwKDAwLCgsLDQ4SEA0OEQ4LCxAWEBETFBUVFQwPFxgWFBgSFBUU/8AAFAgACAAIBEMRAE0RAFkRAEsRAP/EABQAAQAAAAAAAAAAAAAAAAAAAAn/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/9oADgRDAE0AWQBLAAA/AFTGELIlD//Z",
  "base64",
);
