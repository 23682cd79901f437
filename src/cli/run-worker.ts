import { availableParallelism } from "node:os";
import { openQueue, persistence, type WorkEvent, work } from "../queue/index.ts";
import { openStore } from "../store/index.ts";
import type { WorkerRequest } from "./commands/worker.ts";
import { checkDevice } from "./device-probe.ts";
import { foldersFor, workFolder } from "./folders.ts";
import { catchInterrupt } from "./interrupt.ts";
import { exitCodes, type Launch } from "./launch.ts";
import { complain, printJson } from "./output.ts";
import { finishedLine, trialLabel } from "./progress/board.ts";
import { version } from "./version.ts";

/** Works on a shared database's studies until it is told to stop, or nothing is left for a while. Returns the exit code. */
export async function runWorker(request: WorkerRequest, launch: Launch): Promise<number> {
  const { device, data, json } = request;
  const folders = foldersFor(data, request.skipCorrupt);
  await checkDevice(device);
  const interrupt = catchInterrupt();
  const tell = (message: string) => (json ? printJson({ event: "note", message }) : complain(message));
  const { signal } = interrupt;
  try {
    // A database that is not up yet is waited for; a wrong password is not.
    const store = await persistence({ tell, signal })(() => openStore(request.database));
    const queue = await openQueue(store.database, {
      shared: true,
      watch: true,
      heartbeatSeconds: launch.heartbeatSeconds,
    });
    try {
      const slots = request.slots ?? availableParallelism();
      const context = { ...folders, workDir: request.artifacts ?? workFolder, device, threads: 1 };
      const idle = idleness(request.idleMinutes);
      tell(`worker ${process.pid}: ${slots} trials at once; Ctrl-C stops after the current step`);
      const events = work({
        ...{ store, queue, slots, studies: request.study, runner: launch.runner, context, device, signal },
        ...{ version: version(), finished: idle.isOver, pollMs: 1000 },
      });
      const labels = new Map<string, string>();
      for await (const event of events) {
        idle.sees(event);
        report(event, labels, json);
      }
      return signal.aborted ? exitCodes.interrupted : exitCodes.done;
    } finally {
      await queue.close();
      await store.close();
    }
  } finally {
    interrupt.dispose();
  }
}

/** Whether a worker has had nothing to do for so many minutes; never, when no number is given. */
function idleness(minutes: number | undefined) {
  let running = 0;
  let since = performance.now();
  return {
    sees({ kind }: WorkEvent): void {
      if (kind === "started") running++;
      if (kind === "finished" || kind === "failed" || kind === "again" || kind === "stopped") running--;
      since = performance.now();
    },
    isOver: async () => minutes !== undefined && running === 0 && performance.now() - since > minutes * 60_000,
  };
}

function report(event: WorkEvent, labels: Map<string, string>, json: boolean): void {
  if (event.kind === "started") labels.set(event.trialId, trialLabel(event.trial, true));
  const label = "trialId" in event ? (labels.get(event.trialId) ?? event.trialId) : "";
  if (json) {
    const line = jsonLine(event, label);
    if (line) printJson(line);
  } else {
    const line = textLine(event, label);
    if (line) complain(line);
  }
}

/** Of what a running trial does, only lasting things are told. */
function jsonLine({ kind, ...rest }: WorkEvent, label: string): object | undefined {
  if (kind !== "event") return { event: kind === "told" ? "note" : kind, label, ...rest };
  const { trialId, event } = rest as Extract<WorkEvent, { kind: "event" }>;
  const { kind: seen, ...data } = event;
  return seen === "note" || seen === "epoch" ? { event: seen, label, trialId, ...data } : undefined;
}

function textLine(event: WorkEvent, label: string): string | undefined {
  switch (event.kind) {
    case "started":
      return `${label}: begun${event.attempt > 1 ? `, attempt ${event.attempt}` : ""}`;
    case "finished":
      return finishedLine(label, event.row).trim();
    case "failed":
      return `${label}: failed: ${event.failure.message}`;
    case "again":
    case "stopped":
      return `${label}: ${event.message}`;
    case "told":
      return event.message;
    case "event":
      return event.event.kind === "note" ? `${label}: ${event.event.message}` : undefined;
  }
}
