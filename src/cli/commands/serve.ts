import type { Command } from "commander";
import { InputError } from "../../base/index.ts";
import { withPlaces } from "../options.ts";
import type { ServeRequest } from "../serve-folder.ts";
import { nodeComplaint } from "../version.ts";

export function addServe(program: Command): void {
  withPlaces(
    program
      .command("serve")
      .description("show the dashboard of what was run in this folder (a run shows its own while it works)")
      .option("--port <port>", "where it listens (default: the first free one from 4477 on)", portOption)
      .option(
        "--host <address>",
        "an address of this machine; any but loopback asks everyone for the token",
        "127.0.0.1",
      ),
  )
    .option("--json", "one JSON value with the address instead of a sentence")
    .action(async (options: ServeRequest) => {
      const complaint = nodeComplaint();
      if (complaint !== undefined) throw new InputError(`serve: ${complaint}`);
      const { serveFolder } = await import("../serve-folder.ts");
      await serveFolder(options);
    });
}

/** Reads a TCP port; 0 takes any that is free. */
export function portOption(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) throw new InputError(`--port: expected a port from 0 to 65535, got "${text}"`);
  return port;
}
