import { exec } from "node:child_process";
import { promisify } from "node:util";
import { z } from "zod";
import { networkFailure, SourceFailure } from "./download.ts";

const packumentSchema = z.object({
  versions: z.record(z.string(), z.object({ dist: z.object({ tarball: z.url(), integrity: z.string().optional() }) })),
});

/**
 * The registry that npm is set up with: npm_config_registry (which npm sets for its scripts), else
 * `npm config get registry`, else the public one. Tokens of private registries are not sent.
 */
export async function npmRegistry(environment = process.env): Promise<string> {
  const set = environment.npm_config_registry ?? (await configured());
  return set.endsWith("/") ? set : `${set}/`;
}

async function configured(): Promise<string> {
  try {
    const { stdout } = await promisify(exec)("npm config get registry", { timeout: 20_000 });
    const url = stdout.trim().split("\n").at(-1) ?? "";
    if (URL.canParse(url)) return url;
  } catch {
    // No npm on this machine: fall through to its default.
  }
  return "https://registry.npmjs.org/";
}

/**
 * Where the registry keeps a version's tarball. Throws SourceFailure when it does not have it, cannot be reached, or
 * states another integrity than the pinned one.
 */
export async function tarballUrl(
  registry: string,
  { name, version, integrity }: { readonly name: string; readonly version: string; readonly integrity: string },
  signal?: AbortSignal,
): Promise<string> {
  const url = new URL(name.replace("/", "%2F"), registry);
  const timeout = AbortSignal.timeout(20_000);
  let body: unknown;
  try {
    const response = await fetch(url, {
      signal: AbortSignal.any([timeout, ...(signal ? [signal] : [])]),
      headers: { accept: "application/vnd.npm.install-v1+json, application/json;q=0.8" },
    });
    if (!response.ok) throw new SourceFailure(`${url.origin}: HTTP ${response.status} ${response.statusText}`.trim());
    body = await response.json();
  } catch (cause) {
    signal?.throwIfAborted();
    if (timeout.aborted) throw new SourceFailure(`${url.origin}: silent for 20 s`, { cause });
    if (cause instanceof SyntaxError) throw new SourceFailure(`${url.origin}: no JSON came`, { cause });
    throw networkFailure(cause);
  }
  const packument = packumentSchema.safeParse(body);
  if (!packument.success) throw new SourceFailure(`${url.origin}: what came is no npm package description`);
  const dist = packument.data.versions[version]?.dist;
  if (!dist) throw new SourceFailure(`${url.origin}: has no version ${version} of ${name}`);
  if (dist.integrity !== undefined && !dist.integrity.split(/\s+/).includes(integrity))
    throw new SourceFailure(`${url.origin}: expected integrity ${integrity}, got ${dist.integrity}`);
  return dist.tarball;
}
