import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { usedEngines } from "../engine/index.ts";
import type { Row } from "./row.ts";

const packageSchema = z.object({
  version: z.string(),
  dependencies: z.object({ "@jax-js/jax": z.string(), "onnxruntime-node": z.string() }),
});

/** Two folders above both src/studies and dist/studies. */
const root = fileURLToPath(new URL("../..", import.meta.url));

/** What a row says about where its numbers were made. The engine's packages are pinned exactly, so their pins are their versions. */
export function environment(device: string, commit?: string): Row["environment"] {
  const text = readFileSync(join(root, "package.json"), "utf8");
  const { version, dependencies } = packageSchema.parse(JSON.parse(text));
  const withVersion = (engine: string) =>
    engine === "onnxruntime" ? `onnxruntime-node ${dependencies["onnxruntime-node"]}` : engine;
  return {
    carryover: version,
    ...(commit !== undefined && { commit }),
    node: process.versions.node,
    engine: [...usedEngines().map(withVersion), `@jax-js/jax ${dependencies["@jax-js/jax"]}`].join(", "),
    device,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model ?? "unknown",
  };
}

let known: { readonly commit: string | undefined } | undefined;

/**
 * The commit of the code that this process runs, as it was when this was first asked: a checkout may move on while trials
 * run. Undefined for an installed package, and where there is no git.
 */
export function runningCommit(): string | undefined {
  known ??= { commit: existsSync(join(root, ".git")) ? described(root) : undefined };
  return known.commit;
}

function described(folder: string): string | undefined {
  // No tag is taken for a name, so that what remains is the whole commit.
  const words = ["describe", "--always", "--abbrev=40", "--exclude=*", "--dirty"];
  // Beside others at work in this checkout it must not lock the index.
  const env = { ...process.env, GIT_OPTIONAL_LOCKS: "0" };
  try {
    return execFileSync("git", words, { cwd: folder, env, timeout: 5000, encoding: "utf8", stdio: "pipe" }).trim();
  } catch {
    return undefined;
  }
}
