export { type AttackModelOptions, type AttackOutcome, attack } from "./attack.ts";
export { evaluate } from "./evaluate.ts";
export { type DomainOptions, loadDomain } from "./load-domain.ts";
export { type RunStudyOptions, runStudy } from "./run-study.ts";
export { type TrainedSource, type TrainSourceOptions, trainSource } from "./train-source.ts";
export { type TransferOutcome, type TransferToOptions, transfer } from "./transfer.ts";
