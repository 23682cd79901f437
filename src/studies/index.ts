export { builtInStudies } from "./built-in/index.ts";
export { checkSizes, checkStudy, type NeededSplit, neededSplits } from "./check-study.ts";
export { isStudyPath, loadStudy } from "./load-study.ts";
export {
  checkMethod,
  describeRange,
  type MethodAdds,
  type MethodKind,
  methodKind,
  methodKinds,
  type StrengthRange,
} from "./methods.ts";
export { applyOverrides, overrideKeys } from "./overrides.ts";
export { parseInput } from "./parse.ts";
export { type Measured, measuredSchema, type Row, rowSchema, type TrialEvent } from "./row.ts";
export {
  defineStudy,
  expandStudy,
  parseStudy,
  type Study,
  type StudyInput,
  strengthsOf,
  withStrengths,
} from "./study.ts";
export {
  type AttackConfig,
  type Method,
  methodLabel,
  type Schedule,
  type Split,
  sourceStageId,
  type TransferConfig,
  type Trial,
  trialId,
  trialSchema,
} from "./trial.ts";
