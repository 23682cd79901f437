export type {
  BatchPlace,
  TrainingOptions,
  TrainingSchedule,
  TrainingState,
  TrainingStep,
} from "./configuration.ts";
export { train } from "./train.ts";
