import { createInterface } from "node:readline";
import { choose } from "../src/base/index.ts";
import { lines, type Work } from "./lines/index.ts";
import { ownPeakMb } from "./memory.ts";
import type { Answer, Request, Unit } from "./protocol.ts";

/**
 * The entry of our side: answers one request a line (see protocol.ts) until its stdin ends. An error is told instead of
 * the answer, with its stack.
 */
let work: Work | undefined;

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line) as Request;
  const reply = await answer(request).catch((error: unknown) => ({
    error: error instanceof Error ? (error.stack ?? error.message) : String(error),
  }));
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}
// Sessions and generators are left open; the process ends with them.
process.exit(0);

async function answer(request: Request): Promise<Answer<Request["do"]>> {
  switch (request.do) {
    case "about":
      return { versions: { node: process.version } };
    case "prepare":
      work = await choose("line", request.line, lines).work(request);
      return {};
    case "choose":
      throw new Error("our side has no layouts to choose from");
    case "repeat":
      return { units: await repeat(prepared(), request.times) };
    case "peak":
      return { peakMb: prepared().childrenPeakMb?.() ?? ownPeakMb() };
  }
}

function prepared(): Work {
  if (work === undefined) throw new Error("expected prepare first");
  return work;
}

async function repeat(prepared: Work, times: number): Promise<Unit[]> {
  const units: Unit[] = [];
  for (let i = 0; i < times; i++) {
    await prepared.ready?.();
    const began = performance.now();
    const outcome = await prepared.run();
    units.push({ ms: performance.now() - began, ...outcome });
  }
  return units;
}
