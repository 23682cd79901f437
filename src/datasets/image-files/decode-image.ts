import { Transformer } from "@napi-rs/image";
import type { Layout } from "../resize.ts";

/** A decoded image: interleaved bytes and how they lie. */
export interface DecodedImage {
  readonly pixels: Uint8Array;
  readonly layout: Layout;
}

/** The decoder's numbers for what a pixel is: its channels and the bytes of each. */
const colourTypes: readonly (readonly [channels: number, bytes: number])[] = [
  [1, 1],
  [2, 1],
  [3, 1],
  [4, 1],
  [1, 2],
  [2, 2],
  [3, 2],
  [4, 2],
];

/**
 * Decodes a JPEG, PNG or WebP, by its first bytes, and turns a JPEG upright where its EXIF data says so. CMYK becomes RGB
 * without regard to colour profiles; of 16 bits the upper 8 are kept. Throws an Error whose message says what is wrong
 * with the file, also when it is cut short (decoders of JPEG would fill the rest with grey).
 */
export function decodeImage(bytes: Uint8Array): DecodedImage {
  const format = formatOf(bytes);
  if (format === undefined) throw new Error(`expected a JPEG, PNG or WebP image, got ${beginning(bytes)}`);
  if (format === "JPEG" && !jpegEnds(bytes)) throw new Error("JPEG cut short: it has no end marker");
  try {
    const image = new Transformer(bytes).rotate();
    const { width, height, colorType } = image.metadataSync();
    const [channels, depth] = colourTypes[colorType] ?? [];
    if (channels === undefined) throw new Error(`colour type ${colorType} is not known`);
    const raw = image.rawPixelsSync();
    const pixels = depth === 2 ? upperBytes(raw) : new Uint8Array(raw.buffer, raw.byteOffset, raw.byteLength);
    return { pixels, layout: { height, width, channels, plane: 1, row: width * channels, pixel: channels } };
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`damaged ${format}: ${said.replace(/\s+/g, " ").trim()}`, { cause });
  }
}

function formatOf(bytes: Uint8Array): "JPEG" | "PNG" | "WebP" | undefined {
  const text = (from: number, to: number) => String.fromCharCode(...bytes.subarray(from, to));
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return "JPEG";
  if (text(1, 4) === "PNG") return "PNG";
  return text(0, 4) === "RIFF" && text(8, 12) === "WEBP" ? "WebP" : undefined;
}

const beginning = (bytes: Uint8Array) =>
  bytes.length === 0
    ? "an empty file"
    : `first bytes ${[...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ")}`;

/**
 * Whether a JPEG has its end marker, FF D9, after the header of its first scan. The segments before it are skipped by
 * their lengths, for a thumbnail within one has an end of its own; in a scan's data FF is always followed by 00.
 */
function jpegEnds(bytes: Uint8Array): boolean {
  let at = 2;
  while (at + 4 <= bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1] as number;
    if (marker === 0xff) {
      at++;
      continue;
    }
    at += 2 + ((bytes[at + 2] as number) << 8) + (bytes[at + 3] as number);
    if (marker === 0xda) break;
  }
  for (let end = bytes.indexOf(0xff, at); end >= 0; end = bytes.indexOf(0xff, end + 1))
    if (bytes[end + 1] === 0xd9) return true;
  return false;
}

function upperBytes(raw: Buffer): Uint8Array {
  // Samples are in the machine's order of bytes, which is little-endian wherever Node 24 runs but on s390x.
  return Uint8Array.from({ length: raw.length >> 1 }, (_, i) => raw[2 * i + 1] as number);
}
