import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

/** Versions that `--engine auto` takes: the engine's whole test suite passed on a build of theirs. */
const verifiedVersions: readonly string[] = ["2.6.3", "3.7.2"];

/** The builds that it passed on, by the SHA-256 of the shared object. */
const verifiedBuilds: Readonly<Record<string, string>> = {
  a4f9d8057729f5ce8ddbbed61ef8d68425a9ca8a01415b7a8360ecb86bcb932e: "2.6.3-1 of Debian 12, amd64",
  "565aea08893cf7e62c06109d3b47e2beb05a7ac18163e403ee9a3e41ea656899": "3.7.2+ds-2 of Debian 13, amd64",
};

export const isVerified = (version: string): boolean => verifiedVersions.includes(version);

/** Which of the verified builds this process has loaded; undefined for another, or where the system does not tell the file. */
export function verifiedBuild(): string | undefined {
  const file = loadedLibrary();
  try {
    return file && verifiedBuilds[createHash("sha256").update(readFileSync(file)).digest("hex")];
  } catch {
    // Another one has taken its place since it was loaded, or none.
    return undefined;
  }
}

/** The shared object as Linux has mapped it, by the sixth column of its table: names and links no longer matter. */
export function loadedLibrary(): string | undefined {
  try {
    return /^(?:\S+ +){5}(\/.*dnnl[^/\n]*\.so[^/\n]*)$/m.exec(readFileSync("/proc/self/maps", "utf8"))?.[1];
  } catch {
    return undefined;
  }
}
