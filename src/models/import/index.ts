export { cifarResnetFrom } from "./cifar-resnet.ts";
export { decodeStateDict, readStateDict } from "./state-dict.ts";
