import { homedir } from "node:os";
import { delimiter, join, resolve } from "node:path";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Where data is: the folders of CARRYOVER_DATA (several are separated by ":", or ";" on Windows), and the cache, which
 * is CARRYOVER_CACHE, or `carryover` in XDG_CACHE_HOME, or ~/.cache/carryover.
 */
export function dataFolders(environment: Environment = process.env): { dataDirs: string[]; cacheDir: string } {
  const { CARRYOVER_DATA, CARRYOVER_CACHE, XDG_CACHE_HOME } = environment;
  return {
    dataDirs: (CARRYOVER_DATA ?? "")
      .split(delimiter)
      .filter((dir) => dir !== "")
      .map((dir) => resolve(dir)),
    cacheDir: resolve(CARRYOVER_CACHE || join(XDG_CACHE_HOME || join(homedir(), ".cache"), "carryover")),
  };
}
