import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createApp } from "../../src/server/app.ts";
import { broadcast } from "../../src/server/broadcast.ts";
import { type Dashboard, serveDashboard } from "../../src/server/listen.ts";
import { readPage } from "../../src/server/page-files.ts";
import { quickstartRows } from "../figures/fixture.ts";
import { memorySource, token } from "./fixture.ts";

const rows = quickstartRows();
const source = memorySource(
  "tiny",
  rows.map(({ trial }) => trial),
  rows,
);
const servers: Dashboard[] = [];
const serve = async (options: { host?: string; port?: number; orNext?: boolean } = {}) => {
  const dashboard = await serveDashboard(source, { version: "1", port: 0, token, ...options });
  servers.push(dashboard);
  return dashboard;
};
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

/** A request as bytes on a socket, with nothing put right on the way; the answer's first line and the rest. */
function raw(port: number, lines: readonly string[], host = "127.0.0.1"): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, host);
    let text = "";
    socket.setEncoding("utf8").on("data", (part: string) => {
      text += part;
    });
    // A server that refuses may close before it has read all.
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "ECONNRESET" && error.code !== "EPIPE") reject(error);
    });
    socket.on("close", () => resolve({ status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0), text }));
    socket.setTimeout(5000, () => socket.destroy());
    socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  });
}

const request = (port: number, path: string, headers: readonly string[] = [`Host: 127.0.0.1:${port}`]) =>
  raw(port, [`GET ${path} HTTP/1.1`, ...headers, "Connection: close"]);

describe("who is answered", () => {
  it("only requests that call this server by its own name, with or without a port", async () => {
    const { port } = await serve();
    const status = async (host: string) => (await request(port, "/api/hello", [`Host: ${host}`])).status;
    for (const own of [
      `127.0.0.1:${port}`,
      "127.0.0.1",
      `localhost:${port}`,
      "localhost",
      "[::1]",
      `[::1]:${port}`,
      "LocalHost",
    ])
      expect(await status(own), own).toBe(200);
    for (const other of [
      "evil.example",
      `evil.example:${port}`,
      "127.0.0.1.evil.example",
      "localhost.evil",
      "0.0.0.0",
      "127.0.0.1:4477:1",
      "127.0.0.1@evil",
      "",
      "[::2]",
    ])
      expect([400, 421], other).toContain(await status(other));
    expect((await raw(port, ["GET /api/hello HTTP/1.0"])).status).toBe(400);
  });

  it("no page of another site, be it by Origin or by what the browser says of the site", async () => {
    const { port } = await serve();
    const host = `Host: 127.0.0.1:${port}`;
    const status = async (header: string) => (await request(port, "/api/hello", [host, header])).status;
    expect(await status(`Origin: http://127.0.0.1:${port}`)).toBe(200);
    for (const origin of [
      "http://evil.example",
      "http://127.0.0.1",
      `https://127.0.0.1:${port}`,
      "null",
      `http://127.0.0.1:${port + 1}`,
      `http://localhost:${port}`,
    ])
      expect(await status(`Origin: ${origin}`), origin).toBe(403);
    expect(await status("Sec-Fetch-Site: cross-site")).toBe(403);
    expect(await status("Sec-Fetch-Site: same-site")).toBe(403);
    expect(await status("Sec-Fetch-Site: same-origin")).toBe(200);
    expect(await status("Sec-Fetch-Site: none")).toBe(200);
  });

  it("listens on loopback alone unless it is told otherwise, and prints its address with the token", async () => {
    const here = await serve();
    expect(here.address).toBe(`http://127.0.0.1:${here.port}/#token=${token}`);
  });

  // The one address that any Linux has, that no other machine reaches, and that is not the usual loopback.
  it.skipIf(process.platform !== "linux")("at another address it asks for the token even to read", async () => {
    const address = "127.0.0.2";
    const { port } = await serve({ host: address });
    const ask = (path: string, headers: readonly string[] = []) =>
      raw(port, [`GET ${path} HTTP/1.1`, `Host: ${address}:${port}`, ...headers, "Connection: close"], address);
    expect((await ask("/api/hello")).status).toBe(401);
    expect((await ask("/api/studies/tiny/events")).status).toBe(401);
    expect((await ask(`/api/hello?token=${token}`)).status).toBe(401);
    expect((await ask("/api/hello", [`Authorization: Bearer ${token}`])).status).toBe(200);
  });

  it("a token of its own for each server, long enough not to be guessed", async () => {
    const [a, b] = await Promise.all([serve({}), serveDashboard(source, { version: "1", port: 0 })]);
    servers.push(b);
    expect(b.token).toMatch(/^[\w-]{22}$/);
    expect(b.token).not.toBe(a.token);
  });

  it("says plainly when a port is taken or an address is not this machine's", async () => {
    const { port } = await serve();
    await expect(serve({ port })).rejects.toThrow(`got port ${port}, which is in use; name another with --port`);
    await expect(serve({ host: "203.0.113.7" })).rejects.toThrow('got host "203.0.113.7", which is not an address');
    const next = await serve({ port, orNext: true });
    expect(next.port).toBeGreaterThan(port);
  });
});

describe("what every answer says", () => {
  it("a policy that lets the page run its own script and talk to its own server, and nothing else", async () => {
    const { port } = await serve();
    for (const path of ["/", "/api/hello", "/nothing"]) {
      const { text } = await request(port, path);
      const policy = /content-security-policy: (.*)/i.exec(text)?.[1] ?? "";
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("script-src 'self';");
      expect(policy).toContain("connect-src 'self'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toMatch(/unsafe-eval|script-src[^;]*unsafe-inline|https?:/);
      expect(text).toMatch(/x-content-type-options: nosniff/i);
      expect(text).toMatch(/referrer-policy: no-referrer/i);
      expect(text).not.toMatch(/access-control-allow-origin/i);
    }
  });
});

describe("files", () => {
  const folder = mkdtempSync(join(tmpdir(), "carryover-page-"));
  const inside = join(folder, "page");
  beforeAll(() => {
    mkdirSync(join(inside, "assets"), { recursive: true });
    writeFileSync(join(folder, "secret.html"), "SECRET");
    writeFileSync(join(inside, "index.html"), "PAGE");
    writeFileSync(join(inside, "assets", "index-1a.js"), "SCRIPT");
    writeFileSync(join(inside, "notes.txt"), "NOT A PAGE'S");
    symlinkSync(join(folder, "secret.html"), join(inside, "linked.html"));
    symlinkSync(folder, join(inside, "up"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("are those of the built page: no links, no other kinds", async () => {
    expect([...(await readPage(inside)).keys()].sort()).toEqual(["/", "/assets/index-1a.js"]);
  });

  it("cannot be escaped, however a path is written", async () => {
    const page = await readPage(inside);
    const app = createApp(source, {
      version: "1",
      guard: { hosts: new Set(["127.0.0.1"]), token, tokenToRead: false },
      page: async () => ({ state: "ready", files: page }),
    });
    const { createAdaptorServer } = await import("@hono/node-server");
    const server = createAdaptorServer({ fetch: app.fetch });
    const port = await new Promise<number>((resolve) => {
      server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port));
    });
    try {
      expect((await request(port, "/")).text).toContain("PAGE");
      expect((await request(port, "/assets/index-1a.js")).text).toContain("SCRIPT");
      const paths = [
        "/../secret.html",
        "/assets/../../secret.html",
        "/%2e%2e/secret.html",
        "/%2e%2e%2fsecret.html",
        "/..%2fsecret.html",
        "/..%5csecret.html",
        "/..\\secret.html",
        "/assets/..%5c..%5csecret.html",
        "//secret.html",
        "///etc/passwd",
        "//127.0.0.1/../secret.html",
        "/%00",
        "/secret.html%00.js",
        "/index.html%00",
        "/%252e%252e/secret.html",
        "/linked.html",
        "/up/secret.html",
        "/notes.txt",
        "/index.html",
        "/./../secret.html",
        "/%c0%ae%c0%ae/secret.html",
        "/%",
        "/%zz",
        "/assets",
        "/assets/",
      ];
      for (const path of paths) {
        const { status, text } = await request(port, path);
        expect(text, path).not.toContain("SECRET");
        expect(text, path).not.toContain("root:");
        expect([400, 404], `${path}: ${status}`).toContain(status);
      }
    } finally {
      app.close();
      server.close();
    }
  });

  it("of a trial are looked for by names that are none of a path", async () => {
    const { port } = await serve();
    for (const path of [
      "/api/studies/tiny/trials/..%2f..%2fetc/checkpoint",
      "/api/studies/tiny/trials/0123456789abcdef/pictures/..%2fpictures.json",
      "/api/studies/tiny/trials/%00/checkpoint",
    ])
      expect([400, 404], path).toContain((await request(port, path)).status);
  });
});

describe("limits", () => {
  it("on headers: 64 KB of them are refused before anything is read of them", async () => {
    const { port } = await serve();
    const { status } = await request(port, "/api/hello", [`Host: 127.0.0.1:${port}`, `X-Long: ${"x".repeat(65_536)}`]);
    expect([0, 431]).toContain(status);
    expect((await request(port, "/api/hello")).status).toBe(200);
  });

  it("on HEAD: nothing is opened for a body that is not sent, and no one counts as a watcher", async () => {
    const app = createApp(source, {
      version: "1",
      guard: { hosts: new Set(["127.0.0.1"]), token, tokenToRead: false },
      page: async () => ({ state: "building" }),
    });
    const [row] = rows;
    for (const path of ["events", `trials/${row?.trialId}/checkpoint`]) {
      const request = new Request(`http://127.0.0.1/api/studies/tiny/${path}`, {
        method: "HEAD",
        headers: { host: "127.0.0.1" },
      });
      expect((await app.fetch(request)).status, path).toBe(405);
    }
    app.close();
  });

  it("on methods and broken requests: no stack, no crash", async () => {
    const { port } = await serve();
    const host = `Host: 127.0.0.1:${port}`;
    const answers = await Promise.all([
      raw(port, ["DELETE /api/studies/tiny HTTP/1.1", host, `Authorization: Bearer ${token}`, "Connection: close"]),
      raw(port, ["PUT / HTTP/1.1", host, "Connection: close", "Content-Length: 0"]),
      raw(port, ["GET"]),
      raw(port, ["\u0000\u0001"]),
    ]);
    for (const { status, text } of answers) {
      expect([0, 400, 404, 405]).toContain(status);
      expect(text).not.toContain("at ");
    }
    expect((await request(port, "/api/hello")).status).toBe(200);
  });

  it("on slow readers: one that does not read is dropped, the others go on", async () => {
    const all = broadcast();
    const slow = all.watch("", new AbortController().signal);
    const quick = all.watch("", new AbortController().signal).getReader();
    expect(all.watchers).toBe(2);
    const text = "x".repeat(2 ** 20);
    let received = 0;
    for (let i = 0; i < 8; i++) {
      all.send("changes", text);
      while (received < (i + 1) * text.length) received += (await quick.read()).value?.length ?? 0;
    }
    expect(all.watchers).toBe(1);
    await expect(slow.getReader().read()).rejects.toThrow("too slow");
    all.close();
  });

  it("on readers that leave: nothing is kept of them", async () => {
    const all = broadcast();
    const stop = new AbortController();
    all.watch("", stop.signal);
    const other = all.watch("", new AbortController().signal);
    expect(all.watchers).toBe(2);
    stop.abort();
    await other.cancel();
    expect(all.watchers).toBe(0);
    all.close();
  });
});
