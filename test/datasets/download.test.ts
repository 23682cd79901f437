import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { download, SourceFailure } from "../../src/datasets/download.ts";
import { loopback, sendRange, serving } from "./loopback.ts";
import { md5, newFolder, noise, put } from "./samples.ts";

const data = noise(300_000);
const checksum = { algorithm: "md5", bytes: data.length, digest: md5(data) } as const;
const quick = { retryAfterMs: [1, 1, 1] };
const target = () => join(newFolder(), "some", "data.bin");
const filesBeside = (file: string) => readdirSync(dirname(file));

test("a file appears whole and verified, its folder made, and nothing is left beside it", async () => {
  await using server = await loopback(serving({ "/data.bin": data }));
  const file = target();
  const seen: (number | undefined)[][] = [];
  await download(`${server.url}data.bin`, file, checksum, { onBytes: (bytes, total) => seen.push([bytes, total]) });
  expect(md5(readFileSync(file))).toBe(checksum.digest);
  expect(filesBeside(file)).toEqual(["data.bin"]);
  expect(seen[0]).toEqual([0, data.length]);
  expect(seen.at(-1)).toEqual([data.length, data.length]);
});

test("sha512 checksums without a size are verified too", async () => {
  await using server = await loopback(serving({ "/data.bin": data }));
  const digest = createHash("sha512").update(data).digest("hex");
  await download(`${server.url}data.bin`, target(), { algorithm: "sha512", digest });
  const wrong = download(`${server.url}data.bin`, target(), { algorithm: "sha512", digest: "00" });
  await expect(wrong).rejects.toThrow(`expected sha512 00, got ${digest}`);
});

describe("a part that is there", () => {
  test("is continued by a Range request", async () => {
    await using server = await loopback(serving({ "/data.bin": data }));
    const file = target();
    put(`${file}.part`, data.subarray(0, 100_000));
    const seen: number[] = [];
    await download(`${server.url}data.bin`, file, checksum, { onBytes: (bytes) => seen.push(bytes) });
    expect(server.requests).toEqual(["/data.bin bytes=100000-"]);
    expect(seen[0]).toBe(100_000);
    expect(md5(readFileSync(file))).toBe(checksum.digest);
    expect(filesBeside(file)).toEqual(["data.bin"]);
  });

  test("is started anew when the server ignores the range", async () => {
    await using server = await loopback((_, response) => response.writeHead(200).end(data));
    const file = target();
    put(`${file}.part`, data.subarray(0, 100_000));
    await download(`${server.url}data.bin`, file, checksum);
    expect(server.requests).toHaveLength(1);
    expect(md5(readFileSync(file))).toBe(checksum.digest);
  });

  test("is started anew when the server answers with another range", async () => {
    await using server = await loopback((request, response) => {
      if (!request.headers.range) response.writeHead(200).end(data);
      else response.writeHead(206, { "content-range": `bytes 50000-299999/300000` }).end(data.subarray(50_000));
    });
    const file = target();
    put(`${file}.part`, data.subarray(0, 100_000));
    await download(`${server.url}data.bin`, file, checksum);
    expect(server.requests).toEqual(["/data.bin bytes=100000-", "/data.bin -"]);
    expect(md5(readFileSync(file))).toBe(checksum.digest);
  });

  test("is started anew when the server says there is no such range", async () => {
    await using server = await loopback(serving({ "/data.bin": data }));
    const file = target();
    put(`${file}.part`, new Uint8Array(data.length + 10));
    const { bytes: _, ...withoutSize } = checksum;
    await download(`${server.url}data.bin`, file, withoutSize);
    expect(server.requests).toEqual(["/data.bin bytes=300010-", "/data.bin -"]);
    expect(md5(readFileSync(file))).toBe(checksum.digest);
  });

  test("with another file's beginning is thrown away and the whole file asked for", async () => {
    await using server = await loopback(serving({ "/data.bin": data }));
    const file = target();
    put(`${file}.part`, new Uint8Array(100_000));
    await download(`${server.url}data.bin`, file, checksum, quick);
    expect(server.requests).toEqual(["/data.bin bytes=100000-", "/data.bin -"]);
    expect(md5(readFileSync(file))).toBe(checksum.digest);
  });

  test("of a process that is no more is continued, of a living one left alone", async () => {
    await using server = await loopback(serving({ "/data.bin": data }));
    const host = hostname().replace(/[^a-zA-Z0-9]/g, "");
    const file = target();
    // No process has this number: it is above every system's limit.
    put(`${file}.${host}-2147483646-0123abcd.part`, data.subarray(0, 1000));
    const living = put(`${file}.${host}-${process.pid}-0123abcd.part`, data.subarray(0, 2000));
    await download(`${server.url}data.bin`, file, checksum);
    expect(server.requests).toEqual(["/data.bin bytes=1000-"]);
    expect(existsSync(living)).toBe(true);
  });
});

describe("a connection that breaks", () => {
  /** Breaks the first `times` answers off once 40,000 bytes of them have been written down. */
  const breaking = async (times: number) => {
    let [asked, breakAt, breakOff] = [0, 0, () => {}];
    const server = await loopback((request, response) => {
      asked += 1;
      breakAt = Number.POSITIVE_INFINITY;
      if (asked > times) return sendRange(request, response, Buffer.from(data));
      const from = Number(/\d+/.exec(request.headers.range ?? "0")?.[0]);
      [breakAt, breakOff] = [from + 40_000, () => response.destroy()];
      const headers = { "content-length": data.length - from, "content-range": `bytes ${from}-299999/300000` };
      response.writeHead(from > 0 ? 206 : 200, headers).write(data.subarray(from, breakAt));
    });
    return { server, options: { ...quick, onBytes: (bytes: number) => bytes === breakAt && breakOff() } };
  };

  test("is taken up where it broke, within one call", async () => {
    const { server, options } = await breaking(2);
    await using _ = server;
    const file = target();
    await download(`${server.url}data.bin`, file, checksum, options);
    expect(server.requests).toEqual(["/data.bin -", "/data.bin bytes=40000-", "/data.bin bytes=80000-"]);
    expect(md5(readFileSync(file))).toBe(checksum.digest);
  });

  test("again and again is a failure whose part the next call continues", async () => {
    const { server, options } = await breaking(4);
    await using _ = server;
    const file = target();
    await expect(download(`${server.url}data.bin`, file, checksum, options)).rejects.toBeInstanceOf(SourceFailure);
    expect(filesBeside(file)).toEqual(["data.bin.part"]);
    await download(`${server.url}data.bin`, file, checksum, options);
    expect(server.requests.at(-1)).toBe("/data.bin bytes=160000-");
    expect(md5(readFileSync(file))).toBe(checksum.digest);
  });
});

describe("a server that does not give the file", () => {
  const failing = async (handler: Parameters<typeof loopback>[0], options = {}) => {
    await using server = await loopback(handler);
    const file = target();
    const error = await download(`${server.url}data.bin`, file, checksum, { ...quick, ...options }).catch((e) => e);
    expect(error).toBeInstanceOf(SourceFailure);
    expect(existsSync(file)).toBe(false);
    return { message: String(error.message), left: filesBeside(file), requests: server.requests };
  };

  test("an HTML page is named with its title, and nothing of it is kept", async () => {
    const page = "<!DOCTYPE html><html><head><title>Log in to Campus WLAN</title></head></html>";
    const { message, left } = await failing((_, response) => response.writeHead(200).end(page));
    expect(message).toBe('an HTML page came instead of data ("Log in to Campus WLAN")');
    expect(left).toEqual([]);
  });

  test("other bytes of the same size are a wrong md5, and nothing of them is kept", async () => {
    const other = new Uint8Array(data.length);
    const { message, left, requests } = await failing((_, response) => response.writeHead(200).end(other));
    expect(message).toBe(`expected md5 ${checksum.digest}, got ${md5(other)}`);
    expect(left).toEqual([]);
    expect(requests).toHaveLength(1);
  });

  test("a file that ends early says how many bytes came", async () => {
    const { message } = await failing((request, response) =>
      request.headers.range ? response.writeHead(404).end() : response.writeHead(200).end(data.subarray(0, 1234)),
    );
    expect(message).toMatch(/^HTTP 404|expected 300000 bytes, got 1234/);
    const always = await failing((_, response) => response.writeHead(200).end(data.subarray(0, 1234)));
    expect(always.message).toBe("expected 300000 bytes, got 1234");
  });

  test("404 is told at once, 503 after asking again", async () => {
    const missing = await failing(serving({}));
    expect(missing.message).toBe("HTTP 404 Not Found");
    expect(missing.requests).toHaveLength(1);
    const busy = await failing((_, response) => response.writeHead(503).end());
    expect(busy.message).toBe("HTTP 503 Service Unavailable");
    expect(busy.requests).toHaveLength(4);
  });

  test("silence has an end", async () => {
    const { message } = await failing((_, response) => response.writeHead(200).write("x"), {
      silenceMs: 50,
      retryAfterMs: [],
    });
    expect(message).toBe("silent for 0.05 s");
  });

  test("no server at all says so", async () => {
    let url = "";
    {
      await using server = await loopback(() => undefined);
      url = server.url;
    }
    await expect(download(`${url}data.bin`, target(), checksum, quick)).rejects.toThrow(/ECONNREFUSED/);
  });
});

test("an aborted download rejects with the signal's reason and keeps its part", async () => {
  const controller = new AbortController();
  await using server = await loopback((_, response) => response.writeHead(200).write(data.subarray(0, 50_000)));
  const file = target();
  const running = download(`${server.url}data.bin`, file, checksum, {
    ...quick,
    signal: controller.signal,
    onBytes: (bytes) => bytes === 50_000 && controller.abort(new Error("stopped by hand")),
  });
  await expect(running).rejects.toThrow("stopped by hand");
  expect(filesBeside(file)).toEqual(["data.bin.part"]);
});

test("two downloads of one file at once both end with the whole file", async () => {
  await using server = await loopback(serving({ "/data.bin": data }));
  const file = target();
  put(`${file}.part`, data.subarray(0, 100_000));
  await Promise.all([1, 2].map(() => download(`${server.url}data.bin`, file, checksum)));
  expect(server.requests.sort()).toEqual(["/data.bin -", "/data.bin bytes=100000-"]);
  expect(md5(readFileSync(file))).toBe(checksum.digest);
  expect(filesBeside(file)).toEqual(["data.bin"]);
});
