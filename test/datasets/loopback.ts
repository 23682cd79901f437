import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Loopback extends AsyncDisposable {
  /** "http://127.0.0.1:<port>/". */
  readonly url: string;
  /** "<path> <range or ->" of each request so far. */
  readonly requests: string[];
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** An HTTP server on this machine, for one test: `await using server = await loopback(...)`. */
export async function loopback(handler: Handler): Promise<Loopback> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.url} ${request.headers.range ?? "-"}`);
    handler(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Serves bytes by path, with ranges; 404 for any other path. */
export function serving(files: Readonly<Record<string, Uint8Array | string>>): Handler {
  return (request, response) => {
    const file = files[request.url ?? ""];
    if (file === undefined) response.writeHead(404).end("not here");
    else sendRange(request, response, Buffer.from(file));
  };
}

/** Answers as a good server does: 206 from where the client asks, 416 beyond the end, 200 otherwise. */
export function sendRange(request: IncomingMessage, response: ServerResponse, bytes: Buffer): void {
  const [, from] = /^bytes=(\d+)-$/.exec(request.headers.range ?? "") ?? [];
  if (from === undefined) {
    response.writeHead(200, { "content-length": bytes.length }).end(bytes);
    return;
  }
  const start = Number(from);
  if (start >= bytes.length) {
    response.writeHead(416, { "content-range": `bytes */${bytes.length}` }).end();
    return;
  }
  response
    .writeHead(206, {
      "content-length": bytes.length - start,
      "content-range": `bytes ${start}-${bytes.length - 1}/${bytes.length}`,
    })
    .end(bytes.subarray(start));
}
