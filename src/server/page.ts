import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { constants, setPriority } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type PageFile, readPage } from "./page-files.ts";

/** The built page, as far as it is. */
export type PageState =
  | { readonly state: "ready"; readonly files: ReadonlyMap<string, PageFile> }
  | { readonly state: "building" }
  | { readonly state: "failed"; readonly message: string };

/**
 * The published package brings the page along. In a checkout of the sources it is built when it is first asked for and
 * kept under the digest of its sources, so that no step stands between a change and its sight, a run that nobody watches
 * pays nothing, and the build, a process of low priority, takes as little as can be from the trials.
 */
export function openPage(): () => Promise<PageState> {
  const read = async (folder: string): Promise<PageState> => ({ state: "ready", files: await readPage(folder) });
  if (import.meta.url.endsWith(".ts"))
    return pageOf(
      async () => read(await builtFromSources()),
      async () => existsSync(await folderOfSources()),
    );
  const built = fileURLToPath(new URL("../web/", import.meta.url));
  let page: Promise<PageState> | undefined;
  return () => (page ??= read(built));
}

/**
 * Asks `make` for the page, once; a failure is said and stands for `pauseMs` before it is tried again. Where `isMade`
 * says that it only has to be read, it is waited for.
 */
export function pageOf(
  make: () => Promise<PageState>,
  isMade: () => Promise<boolean>,
  { pauseMs = 30_000, now = Date.now } = {},
): () => Promise<PageState> {
  let page: PageState = { state: "building" };
  let making: Promise<void> | undefined;
  let failedAt = 0;
  const begin = async (): Promise<void> => {
    try {
      page = await make();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      process.stderr.write(`dashboard: ${message}\n`);
      failedAt = now();
      page = { state: "failed", message };
    }
  };
  return async () => {
    if (!making || (page.state === "failed" && now() - failedAt >= pauseMs)) {
      page = { state: "building" };
      making = begin();
    }
    const isThere = page.state === "building" && (await isMade());
    return isThere ? making.then(() => page) : page;
  };
}

/** Builds the page where it is not there yet, and says in which folder it is. */
export async function builtFromSources(): Promise<string> {
  const folder = await folderOfSources();
  if (existsSync(folder)) return folder;
  const draft = `${folder}.${process.pid}`;
  await mkdir(dirname(folder), { recursive: true });
  try {
    await runBuild(draft);
    await forgetOthers(folder, draft);
    await rename(draft, folder);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    // Another process may have been quicker.
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Named by the digest of everything that goes into the page. */
async function folderOfSources(): Promise<string> {
  const web = join(root, "src", "web");
  const names = (await readdir(web, { recursive: true })).filter((name) => /\.(tsx?|css|html|svg)$/.test(name)).sort();
  const hash = createHash("sha256");
  for (const path of ["package-lock.json", "src/base/statistics.ts", "src/base/student.ts"])
    hash.update(await readFile(join(root, path)));
  for (const name of names) hash.update(name).update(await readFile(join(web, name)));
  return join(root, "node_modules", ".cache", "carryover", `page-${hash.digest("hex").slice(0, 16)}`);
}

function runBuild(folder: string): Promise<void> {
  const script = join(root, "src", "web", "build.ts");
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", script, folder], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  try {
    if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
  } catch {
    // Only politeness: where it is not allowed, the build takes its share.
  }
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`the dashboard's page could not be built (npm ci brings what it needs):\n${said}`));
    });
  });
}

/** Pages of earlier sources. */
async function forgetOthers(folder: string, draft: string): Promise<void> {
  const cache = dirname(folder);
  for (const name of await readdir(cache)) {
    const path = join(cache, name);
    if (/^page-[0-9a-f]{16}$/.test(name) && path !== folder && path !== draft)
      await rm(path, { recursive: true, force: true });
  }
}
