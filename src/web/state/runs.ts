import { computed, signal } from "@preact/signals";
import type { Summary } from "../../server/api-trial.ts";
import { parseFilter } from "../data/filter.ts";
import { type Group, groupTrials } from "../data/groups.ts";
import { param } from "./route.ts";
import { figure, shownQuantities, study, trials } from "./study.ts";

/** Someone asked for the filter, by its key: it takes the focus as soon as it is there. */
export const filterWanted = signal(false);

const filterText = computed(() => param("filter") ?? "");

export const filter = computed(() =>
  parseFilter(filterText.value, { quantities: shownQuantities.value, settings: study.value?.settings ?? [] }),
);

export const grouped = computed(() => param("group") === "method");

export const sorting = computed(() => {
  const [by = "", direction = ""] = (param("sort") ?? "").split(":");
  return { by, sign: direction === "up" ? 1 : -1 };
});

/** The trials that the filter lets through, in the order that was asked for. */
export const shownTrials = computed((): readonly Summary[] => {
  const kept = filterText.value === "" ? trials.value : trials.value.filter(filter.value.test);
  const { by, sign } = sorting.value;
  if (by === "") return kept;
  return sortedBy(kept, (trial) => sortKey(trial, by), sign);
});

export const shownGroups = computed((): readonly Group[] => {
  const groups = groupTrials(shownTrials.value, shownQuantities.value, figure.value.points);
  const { by, sign } = sorting.value;
  if (by === "") return groups;
  return sortedBy(groups, (group) => (by === "label" ? group.label : group.means[by]?.mean), sign);
});

function sortKey(trial: Summary, by: string): number | string | undefined {
  if (by === "label") return trial.label;
  if (by === "status") return trial.status;
  if (by === "health") return trial.health;
  if (by === "seed") return trial.seed;
  if (by === "seconds") return trial.seconds;
  if (by === "finishedAt") return trial.finishedAt;
  return trial.numbers[by];
}

/** What has no value comes last, whichever way one sorts. */
function sortedBy<T>(items: readonly T[], value: (item: T) => number | string | undefined, sign: number): T[] {
  const keyed = items.map((item) => ({ item, key: value(item) }));
  keyed.sort((a, b) => {
    if (a.key === undefined || b.key === undefined)
      return (a.key === undefined ? 1 : 0) - (b.key === undefined ? 1 : 0);
    return sign * (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
  });
  return keyed.map(({ item }) => item);
}
