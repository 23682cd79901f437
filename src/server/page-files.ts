import { readdir, readFile } from "node:fs/promises";
import { extname, join } from "node:path";

export interface PageFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly type: string;
  /** Its name holds its digest, so it never changes. */
  readonly lasting: boolean;
}

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".ttf": "font/ttf",
};

/**
 * The built page, by the path that is asked for: "/", "/assets/index-1a2b.js". It is read once, and a request only
 * looks into this map, so that no path of a request ever reaches the disk. Symbolic links are left out.
 */
export async function readPage(folder: string): Promise<ReadonlyMap<string, PageFile>> {
  const files = new Map<string, PageFile>();
  const read = async (path: string, url: string): Promise<void> => {
    // Not `recursive`, which goes through links to folders.
    for (const entry of await readdir(path, { withFileTypes: true })) {
      const [inside, name] = [join(path, entry.name), `${url}/${entry.name}`];
      const type = types[extname(name)];
      if (entry.isDirectory()) await read(inside, name);
      else if (entry.isFile() && type !== undefined) {
        const bytes = new Uint8Array(await readFile(inside));
        files.set(name === "/index.html" ? "/" : name, { bytes, type, lasting: /^\/(report\/)?assets\//.test(name) });
      }
    }
  };
  await read(folder, "");
  return files;
}
