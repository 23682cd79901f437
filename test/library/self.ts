/** Lets a script that node runs import this package by its name without building it: `node --import ./self.ts`. */
import { registerHooks } from "node:module";

const self = new URL("../../src/index.ts", import.meta.url).href;
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === "carryover" ? { url: self, shortCircuit: true } : next(specifier, context),
});
