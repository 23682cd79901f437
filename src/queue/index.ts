export {
  cancelTrials,
  continueStudy,
  hurryTrial,
  pauseStudy,
  retryTrial,
  setPriority,
  tidyLine,
  unpause,
} from "./actions.ts";
export { type EventKind, type EventLine, eventsAfter, lastEvents } from "./events.ts";
export { askFor, liveJobs } from "./jobs.ts";
export { persistence } from "./persistence.ts";
export { openQueue, type Queue, type QueueOptions } from "./queue.ts";
export {
  type AttemptLine,
  type EpochLine,
  type FailureLine,
  listAttempts,
  listEpochs,
  listFailures,
  listWorkers,
  type WorkerLine,
} from "./records.ts";
export {
  listStudies,
  listTrials,
  type StudyLine,
  type TrialFilter,
  type TrialLine,
  type TrialState,
} from "./trial-states.ts";
export { type TrialFailure, type TrialWorkEvent, type WorkEvent, type WorkOptions, work } from "./work.ts";
