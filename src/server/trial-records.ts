import { lastEvents, listAttempts, listEpochs, listFailures } from "../queue/index.ts";
import type { Store } from "../store/index.ts";
import type { TrialRecords } from "./source.ts";

/** What the tables keep of a trial in a study: its epochs, its attempts, and what was said of it. */
export async function recordsOf({ database }: Store, study: string, trialId: string): Promise<TrialRecords> {
  const epochs = await listEpochs(database, [trialId]);
  const attempts = (await listAttempts(database, trialId)).filter((each) => each.study === study);
  const events = (await lastEvents(database, 200, trialId)).filter((each) => each.study === study);
  const failure = (await listFailures(database, study)).find((each) => each.trialId === trialId);
  return {
    curve: {
      epochs: epochs.map(({ epoch }) => epoch),
      loss: epochs.map(({ loss }) => loss),
      accuracy: epochs.map(({ accuracy }) => accuracy),
    },
    failure: failure ? { message: failure.message, detail: failure.detail, attempts: failure.attempts } : undefined,
    log: events.map(({ at, message }) => ({ at: new Date(at).getTime(), text: message })),
    attempts: attempts.length,
  };
}
