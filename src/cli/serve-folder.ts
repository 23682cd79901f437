import { once } from "node:events";
import { storeSource } from "../server/index.ts";
import { openDashboard } from "./dashboard.ts";
import { foldersFor, resultsFolder, workFolder } from "./folders.ts";
import { catchInterrupt } from "./interrupt.ts";
import { atQueue } from "./open-place.ts";
import type { TrainedPlaces } from "./options.ts";
import { print, printJson } from "./output.ts";

export interface ServeRequest extends TrainedPlaces {
  readonly port?: number;
  readonly host?: string;
  readonly json?: boolean;
}

/**
 * Serves what this folder's store has, or a PostgreSQL, until Ctrl-C. It is in no one's way: a run that begins takes the
 * folder over, and is watched through its door.
 */
export async function serveFolder({ port, host, json, database, artifacts, ...images }: ServeRequest): Promise<void> {
  const folders = foldersFor(images.data, images.skipCorrupt);
  const interrupt = catchInterrupt();
  try {
    await atQueue("serve", database, async (queue, store) => {
      const source = storeSource(store, { queue, resultsOf: resultsFolder });
      const dashboard = await openDashboard(source, { port, host, folders, workDir: artifacts ?? workFolder });
      try {
        if (json) printJson({ event: "dashboard", address: dashboard.address });
        else print(`The dashboard is at ${dashboard.address}\nCtrl-C ends it.`);
        if (!interrupt.signal.aborted) await once(interrupt.signal, "abort");
      } finally {
        await dashboard.close();
      }
    });
  } finally {
    interrupt.dispose();
  }
}
