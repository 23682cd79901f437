export { builtInStudies } from "./built-in/index.ts";
export { checkSizes, checkStudy, neededSplits } from "./check-study.ts";
export { isStudyPath, loadStudy } from "./load-study.ts";
export { describeRange, type MethodKind, methodKind, methodKinds } from "./methods/index.ts";
export { applyOverrides, overrideKeys } from "./overrides.ts";
export { type Row, rowSchema, type TrialEvent } from "./row.ts";
export { defineStudy, expandStudy, parseStudy, type Study, type StudyInput, withStrengths } from "./study.ts";
export { methodLabel, sourceStageId, type Trial, trialId } from "./trial.ts";
export { imageSide } from "./trial-data.ts";
