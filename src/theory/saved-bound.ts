import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { InputError } from "../base/index.ts";

const infimum = z.object({ loss: z.number(), gap: z.number() });

/** What `carryover theory bound` keeps of a study, in nats; see `TheoryBound`. */
const savedBoundSchema = z.object({
  points: z.array(
    z.object({
      /** The trial's. */
      id: z.string(),
      label: z.string(),
      family: z.string(),
      sourceLoss: z.number(),
      bestSource: infimum,
      bestTarget: infimum,
      tau: z.number(),
      difference: z.number(),
      slack: z.number(),
      holds: z.boolean(),
    }),
  ),
  d: z.number(),
  /** The trial whose difference d is. */
  maximiser: z.string(),
  /** Images of each sample. */
  n: z.object({ source: z.number(), target: z.number() }),
  sample: z.object({ confidence: z.number(), total: z.number() }),
});

export type SavedBound = z.infer<typeof savedBoundSchema>;

export const savedBoundFile = "theory.json";

/** The bound that was computed for the results in `folder`; undefined when none was. Throws InputError for another file. */
export async function readSavedBound(folder: string): Promise<SavedBound | undefined> {
  const path = join(folder, savedBoundFile);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new InputError(`${path}: expected a file that can be read, got ${(error as Error).message}`);
  }
  const found = savedBoundSchema.safeParse(parsed(text));
  if (found.success) return found.data;
  throw new InputError(
    `${path}: expected what carryover theory bound writes, got something else; remove it or compute it again`,
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
