import { InputError } from "../base/index.ts";
import type { TransferConfig } from "./trial.ts";

/** What each protocol needs besides its name. */
const needs = { frozen: [], full: [], partial: ["blocks"], "few-shot": ["perClass", "draws"] } as const;

/** Throws InputError when a protocol lacks a number of its own, or has one of another's. */
export function checkProtocol(where: string, transfer: TransferConfig): void {
  const wanted: readonly string[] = needs[transfer.protocol];
  for (const key of ["blocks", "perClass", "draws"] as const) {
    const given = transfer[key];
    if (wanted.includes(key) && given === undefined)
      throw new InputError(`${where}: protocol ${transfer.protocol}: expected ${key}, a whole number of at least 1`);
    if (!wanted.includes(key) && given !== undefined)
      throw new InputError(`${where}: ${key}: expected protocol ${ownerOf(key)} beside it, got ${transfer.protocol}`);
  }
}

const ownerOf = (key: "blocks" | "perClass" | "draws") => (key === "blocks" ? "partial" : "few-shot");
