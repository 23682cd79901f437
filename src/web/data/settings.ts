import type { Setting } from "../../server/api-trial.ts";

const parts = ["title", "attack", "protocol"] as const;

/** What tells each of a study's settings from the others: "CIFAR-10 → MNIST, cnn · 400 target images"; "" for the only one. */
export function settingNames(settings: readonly Setting[]): readonly string[] {
  const differing = parts.filter((part) => new Set(settings.map((setting) => setting[part])).size > 1);
  return settings.map((setting) => differing.map((part) => setting[part]).join(" · "));
}
