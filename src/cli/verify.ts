import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InputError } from "../base/index.ts";
import { digestTree } from "../engine/index.ts";
import type { Row } from "../studies/index.ts";
import { trainedSource } from "../studies/trained-source.ts";
import type { DeviceName } from "./device-probe.ts";
import { foldersFor } from "./folders.ts";
import { catchInterrupt } from "./interrupt.ts";
import { exitCodes } from "./launch.ts";
import { atStore } from "./open-place.ts";
import { complain, print, printJson } from "./output.ts";
import { trialLabel } from "./progress/board.ts";

export interface VerifyRequest {
  readonly trialId: string;
  readonly database?: string;
  readonly device: DeviceName;
  readonly data?: readonly string[];
  readonly skipCorrupt?: boolean;
  readonly json?: boolean;
}

/** Trains a finished trial's source model anew, in a folder of its own, and compares the digests. Returns the exit code. */
export async function verifyTrial(request: VerifyRequest): Promise<number> {
  const { trialId, database, device, data, skipCorrupt, json } = request;
  const rows = await atStore("verify", database, (store) => store.attemptsOf(trialId));
  const row = rows.at(-1);
  if (!row)
    throw new InputError(
      `verify: expected the id of a finished trial (carryover status <study> --json, or rows.csv), got "${trialId}"`,
    );
  const folders = foldersFor(data, skipCorrupt);
  const stagesDir = await mkdtemp(join(tmpdir(), "carryover-verify-"));
  const interrupt = catchInterrupt();
  // As a worker has it: the order of sums depends on the number of threads.
  const run = trainedSource(row.trial, { ...folders, stagesDir, device, threads: 1 });
  try {
    for (;;) {
      const next = await run.next();
      if (next.done) return report(row, digestTree(next.value.parameters), json ?? false);
      if (interrupt.signal.aborted) return exitCodes.interrupted;
      if (next.value.kind === "epoch" && !json) complain(`epoch ${next.value.epoch} of ${next.value.epochs}`);
    }
  } finally {
    await run.return(undefined as never);
    interrupt.dispose();
    await rm(stagesDir, { recursive: true, force: true });
  }
}

function report(row: Row, digest: string, json: boolean): number {
  const same = digest === row.checkpoint;
  const { trialId, checkpoint, environment } = row;
  if (json) printJson({ trialId, same, expected: checkpoint, got: digest, environment });
  else if (same)
    print(`${trialLabel(row.trial, true)}: trained again, the source model is the same to the bit (${digest})`);
  else {
    const { carryover, engine, cpu, platform } = environment;
    print(
      `${trialLabel(row.trial, true)}: trained again, the source model is another one: ${checkpoint} then, ${digest} now`,
    );
    print(
      `then: carryover ${carryover}, ${engine}, ${cpu}, ${platform}; equal bits are promised on the same machine and build only`,
    );
  }
  return same ? exitCodes.done : exitCodes.ourFault;
}
