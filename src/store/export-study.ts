import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { copyFile, link, mkdir, readdir, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { pack } from "tar-stream";
import { diskError, type Json, moveInPlace, onDisk } from "../base/index.ts";
import { sourceStageId, trialSchema } from "../studies/trial.ts";
import { type Archived, formatVersion, memberName, stageOf } from "./archive.ts";
import type { Store } from "./store.ts";
import { knownStudy } from "./studies.ts";

interface Member {
  readonly name: string;
  readonly bytes: number;
  /** In memory, or where it lies. */
  readonly content: Uint8Array | { readonly path: string };
}

/** Writes a study with its rows, curves and, unless `stagesDir` is undefined, its models and checkpoints to `path`. */
export async function exportStudy(
  store: Store,
  name: string,
  path: string,
  stagesDir: string | undefined,
): Promise<Archived> {
  const { database } = store;
  const { id, definition } = await knownStudy(database, name);
  const found = await database.query<{ config: unknown; id: string }>(
    "select config, trials.id from study_trials join trials on trials.id = trial_id where study_id = $1 order by position",
    [id],
  );
  const trials = found.map(({ config }) => trialSchema.parse(config));
  const ids = found.map((line) => line.id);
  const rows = await database.query<Json>(
    "select study, row from rows where trial_id = any($1::text[]) order by trial_id, attempt",
    [ids],
  );
  const epochs = await database.query<Json>(
    `select trial_id, epoch, epochs, loss, accuracy, n, images_per_second, seconds
     from epochs where trial_id = any($1::text[]) order by trial_id, epoch`,
    [ids],
  );
  const hold = join(stagesDir ?? "", `leaving-${process.pid}`);
  try {
    const stages = new Set(trials.map(sourceStageId));
    const checkpoints = stagesDir === undefined ? [] : await checkpointsOf(stagesDir, stages, hold);
    const members: Member[] = [
      inMemory("study.json", JSON.stringify({ name, definition, trials })),
      inMemory("rows.jsonl", lines(rows)),
      inMemory("epochs.jsonl", lines(epochs)),
      ...checkpoints,
    ];
    await writeArchive(path, name, members);
    return { study: name, trials: trials.length, rows: rows.length, checkpoints: checkpoints.length };
  } finally {
    if (stagesDir !== undefined) await rm(hold, { recursive: true, force: true });
  }
}

const lines = (values: readonly Json[]): string => values.map((value) => `${JSON.stringify(value)}\n`).join("");

function inMemory(name: string, text: string): Member {
  const content = Buffer.from(text);
  return { name, bytes: content.length, content };
}

/**
 * The files of some stages, held in `hold` by a second name each: a training that runs meanwhile drops its older states, and
 * what it has dropped before it could be held is left out.
 */
async function checkpointsOf(folder: string, stages: ReadonlySet<string>, hold: string): Promise<Member[]> {
  const names = await readdir(folder).catch(() => []);
  const wanted = names.filter((name) => stages.has(stageOf(name)) && memberName.test(`checkpoints/${name}`));
  const members: Member[] = [];
  if (wanted.length > 0) await onDisk(hold, () => mkdir(hold, { recursive: true }));
  for (const name of wanted.sort()) {
    const path = join(hold, name);
    if (await holdFile(join(folder, name), path))
      members.push({ name: `checkpoints/${name}`, bytes: (await stat(path)).size, content: { path } });
  }
  return members;
}

/** False when the file is gone. A file of ours is never written into, so a second name for it is a copy. */
async function holdFile(from: string, to: string): Promise<boolean> {
  try {
    // Not every file system has second names.
    await link(from, to).catch(() => copyFile(from, to));
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw diskError("write", to, cause);
  }
}

async function writeArchive(path: string, study: string, members: readonly Member[]): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  const listed = [];
  for (const { name, bytes, content } of members) listed.push({ name, bytes, sha256: await digestOf(content) });
  const manifest = { format: "carryover study", version: formatVersion, study, members: listed };
  const tar = pack();
  const add = async (): Promise<void> => {
    const text = inMemory("manifest.json", `${JSON.stringify(manifest, undefined, 2)}\n`);
    for (const { name, bytes, content } of [text, ...members]) {
      const entry = tar.entry({ name, size: bytes });
      const source = content instanceof Uint8Array ? [content] : createReadStream(content.path);
      await pipeline(source, entry);
    }
    tar.finalize();
  };
  await onDisk(path, async () => {
    try {
      await mkdir(dirname(path), { recursive: true });
      await Promise.all([pipeline(tar, createWriteStream(temporary, { flush: true })), add()]);
      await moveInPlace(temporary, path);
    } catch (cause) {
      await rm(temporary, { force: true });
      throw cause;
    }
  });
}

async function digestOf(content: Member["content"]): Promise<string> {
  const hash = createHash("sha256");
  if (content instanceof Uint8Array) return hash.update(content).digest("hex");
  await pipeline(createReadStream(content.path), hash);
  return hash.digest("hex");
}
