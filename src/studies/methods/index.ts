export { checkMethod } from "./check-method.ts";
export { checkCombination, kindsOf } from "./combinations.ts";
export { describeRange, type MethodKind, type MethodOption } from "./method-kind.ts";
export { methodKind, methodKinds, sweptKinds } from "./registry.ts";
