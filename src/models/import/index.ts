export { type Imported, type ImportOptions, resnetFrom } from "./resnet-weights.ts";
export { decodeStateDict, readStateDict } from "./state-dict.ts";
