import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { extract } from "tar-stream";
import { z } from "zod";
import { InputError, type Json, onDisk } from "../base/index.ts";
import {
  type Archived,
  epochSchema,
  formatVersion,
  manifestSchema,
  memberName,
  rowLineSchema,
  stageOf,
  studySchema,
} from "./archive.ts";
import type { Store } from "./store.ts";
import { knownStudy } from "./studies.ts";

/**
 * Brings a study of `exportStudy` in: first all of the file is read and compared with its checksums, then checkpoints
 * come to their place, then study, rows and curves in one transaction. What is there already stays, models and rows of
 * the same trials, and does not count among what came. Throws InputError when the file is not whole, or when another
 * study has its name.
 */
export async function importStudy(store: Store, path: string, stagesDir: string): Promise<Archived> {
  const arriving = join(stagesDir, `arriving-${process.pid}`);
  try {
    const texts = await unpackWhole(path, arriving);
    const text = (name: string) => texts.get(name) ?? "";
    const study = parseMember(path, "study.json", studySchema, text("study.json"));
    const rows = parseLines(path, "rows.jsonl", rowLineSchema, text("rows.jsonl"));
    const epochs = parseLines(path, "epochs.jsonl", epochSchema, text("epochs.jsonl"));
    await refuseOther(store, path, study);
    const checkpoints = await readdir(arriving);
    const here = new Set((await readdir(stagesDir)).map(stageOf));
    const wanted = checkpoints.filter((name) => !here.has(stageOf(name)));
    for (const name of wanted) await onDisk(stagesDir, () => rename(join(arriving, name), join(stagesDir, name)));
    const came = await store.bringIn({ ...study, definition: study.definition as Json }, rows, async (sql) => {
      await sql.query(
        `insert into epochs (trial_id, epoch, epochs, loss, accuracy, n, images_per_second, seconds)
         select * from jsonb_to_recordset($1::jsonb) as given (trial_id text, epoch int, epochs int, loss float8,
           accuracy float8, n int, images_per_second float8, seconds float8) on conflict do nothing`,
        [JSON.stringify(epochs)],
      );
    });
    return { study: study.name, trials: study.trials.length, rows: came, checkpoints: wanted.length };
  } finally {
    await rm(arriving, { recursive: true, force: true });
  }
}

async function refuseOther(store: Store, path: string, study: z.infer<typeof studySchema>): Promise<void> {
  const known = (await store.studies()).some(({ name }) => name === study.name);
  if (!known) return;
  const { definition } = await knownStudy(store.database, study.name);
  if (JSON.stringify(definition) !== JSON.stringify(study.definition))
    throw new InputError(
      `import: ${path}: expected no other study of the name "${study.name}" in the store, got one that is defined otherwise`,
    );
}

/** The texts of an archive; its checkpoints land in `folder`. Throws InputError unless every member is whole and listed. */
async function unpackWhole(path: string, folder: string): Promise<ReadonlyMap<string, string>> {
  await onDisk(folder, () => mkdir(folder, { recursive: true }));
  const texts = new Map<string, string>();
  const found = new Map<string, string>();
  let manifest: z.infer<typeof manifestSchema> | undefined;
  const tar = extract();
  const read = async (): Promise<void> => {
    for await (const entry of tar) {
      const { name } = entry.header;
      const hash = createHash("sha256");
      if (name.startsWith("checkpoints/") && memberName.test(name)) {
        const to = createWriteStream(join(folder, basename(name)), { flush: true });
        entry.on("data", (chunk: unknown) => hash.update(chunk as Buffer));
        await pipeline(entry, to);
      } else {
        const chunks: Buffer[] = [];
        for await (const chunk of entry) chunks.push(chunk as Buffer);
        const content = Buffer.concat(chunks);
        hash.update(content);
        texts.set(name, content.toString());
      }
      if (name === "manifest.json") manifest = parseMember(path, name, manifestSchema, texts.get(name) ?? "");
      else found.set(name, hash.digest("hex"));
    }
  };
  try {
    await Promise.all([pipeline(createReadStream(path), tar), read()]);
  } catch (cause) {
    if (cause instanceof InputError) throw cause;
    const { message } = cause instanceof Error ? cause : new Error(String(cause));
    throw new InputError(
      `import: ${path}: expected a file of carryover export, got one that cannot be read: ${message}`,
      {
        cause,
      },
    );
  }
  if (!manifest)
    throw new InputError(`import: ${path}: expected a file of carryover export, got one without a manifest`);
  if (manifest.version > formatVersion)
    throw new InputError(
      `import: ${path}: expected version ${formatVersion} or older, got ${manifest.version}: a newer carryover wrote it`,
    );
  for (const { name, sha256 } of manifest.members)
    if (found.get(name) !== sha256)
      throw new InputError(
        `import: ${path}: expected ${name} as its checksum says, got ${found.has(name) ? "other bytes" : "none"}`,
      );
  for (const name of found.keys())
    if (!manifest.members.some((member) => member.name === name))
      throw new InputError(`import: ${path}: expected only what its manifest lists, got also ${name}`);
  return texts;
}

function parseMember<Out>(path: string, name: string, schema: z.ZodType<Out>, text: string): Out {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    const message = cause instanceof z.ZodError ? z.prettifyError(cause).split("\n")[0] : "it is no JSON";
    throw new InputError(`import: ${path}: ${name} does not fit this carryover: ${message}`, { cause });
  }
}

const parseLines = <Out>(path: string, name: string, schema: z.ZodType<Out>, text: string): Out[] =>
  text.split("\n").flatMap((line) => (line === "" ? [] : [parseMember(path, name, schema, line)]));
