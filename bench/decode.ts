import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { Transformer } from "@napi-rs/image";
import { randomStream } from "../src/base/index.ts";
import { loadImageFolder } from "../src/datasets/index.ts";
import { ownPeakMb } from "./memory.ts";

/**
 * How fast folders of images become arrays: JPEGs of smooth noise of 64 x 64 and of 500 x 375 pixels, to 64 x 64, or a
 * folder of one's own: `npm run bench:decode -- FOLDER`. Prints one JSON value a folder: images, images a second by the
 * clock and by processor time, again from the decoded file, and the largest resident memory so far in MB.
 */
const [own] = process.argv.slice(2);
const scratch = mkdtempSync(join(tmpdir(), "carryover-decode-"));
try {
  if (own) await measure(own, own);
  else {
    await measure("64 x 64", made("small", { count: 10_000, width: 64, height: 64 }));
    await measure("500 x 375", made("large", { count: 1000, width: 500, height: 375 }));
  }
} finally {
  rmSync(scratch, { recursive: true });
}

async function measure(name: string, folder: string): Promise<void> {
  const load = async () => {
    const [clock, processor] = [performance.now(), process.cpuUsage()];
    let images = 0;
    const onProgress = ({ total = 0 }) => {
      images = total;
    };
    await loadImageFolder(folder, "train", { cacheDir: join(scratch, "cache"), side: 64, onProgress });
    const { user, system } = process.cpuUsage(processor);
    return { images, seconds: (performance.now() - clock) / 1000, processorSeconds: (user + system) / 1e6 };
  };
  const { images, seconds, processorSeconds } = await load();
  const again = await load();
  const result = {
    ...{ folder: name, images, threads: availableParallelism() },
    imagesPerSecond: Math.round(images / seconds),
    imagesPerProcessorSecond: Math.round(images / processorSeconds),
    secondsFromDecoded: again.seconds,
    peakMb: Math.round(ownPeakMb()),
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

/** A folder of two classes; the images differ in their noise, 8 x 8 values made larger. */
function made(name: string, { count, width, height }: { count: number; width: number; height: number }): string {
  const folder = join(scratch, name);
  for (const label of ["a", "b"]) mkdirSync(join(folder, label), { recursive: true });
  const stream = randomStream(1);
  for (let i = 0; i < count; i++) {
    const coarse = Uint8Array.from({ length: 4 * 64 }, (_, at) => (at % 4 === 3 ? 255 : stream.below(256)));
    const jpeg = Transformer.fromRgbaPixels(coarse, 8, 8).resize({ width, height, fit: 1 }).jpegSync(90);
    writeFileSync(join(folder, i % 2 === 0 ? "a" : "b", `${i}.jpg`), jpeg);
  }
  return folder;
}
