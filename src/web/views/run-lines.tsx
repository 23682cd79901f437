import { computed } from "@preact/signals";
import type { Quantity } from "../../server/api-figure.ts";
import type { Summary } from "../../server/api-trial.ts";
import { dateText, durationText, intervalText, numberText, unitText } from "../data/format.ts";
import { type Group, trialsText } from "../data/groups.ts";
import { settingNames } from "../data/settings.ts";
import { hrefOf, setQuery } from "../state/route.ts";
import { sorting } from "../state/runs.ts";
import { mostPicked, selection, togglePick } from "../state/selection.ts";
import { study } from "../state/study.ts";
import { HealthBadge, StatusBadge } from "../ui/badge.tsx";
import { Icon } from "../ui/icons.tsx";
import { MethodName } from "../ui/symbol.tsx";
import { Term } from "../ui/term.tsx";

export const lineHeight = 38;

function SortButton({ id, label }: { readonly id: string; readonly label: string }) {
  const { by, sign } = sorting.value;
  return (
    <button
      type="button"
      class="sort"
      aria-label={`Sort by ${label}`}
      onClick={() => setQuery({ sort: by !== id ? `${id}:down` : sign < 0 ? `${id}:up` : undefined })}
    >
      {label}
      {by === id && <Icon name={sign > 0 ? "up" : "down"} />}
    </button>
  );
}

const sortOf = (id: string) => (sorting.value.by !== id ? "none" : sorting.value.sign > 0 ? "ascending" : "descending");

function NumberHead({ id, short, unit, wide = false }: Quantity & { readonly wide?: boolean }) {
  return (
    <div role="columnheader" class={wide ? "wide number" : "number"} aria-sort={sortOf(id)}>
      <Term id={id}>{short}</Term> <SortButton id={id} label={unitText[unit] || "value"} />
    </div>
  );
}

export function Head({ quantities }: { readonly quantities: readonly Quantity[] }) {
  const plain = (id: string, label: string, number = false) => (
    <div role="columnheader" aria-sort={sortOf(id)} class={number ? "number" : ""}>
      <SortButton id={id} label={label} />
    </div>
  );
  return (
    <div role="row" class="line head">
      <div role="columnheader">
        <span class="sr-only">Pick</span>
      </div>
      {plain("label", "Method")}
      {plain("seed", "Seed", true)}
      {plain("status", "Status")}
      {quantities.map((quantity) => (
        <NumberHead key={quantity.id} {...quantity} />
      ))}
      {plain("health", "Health")}
      {plain("seconds", "Time", true)}
      {plain("finishedAt", "Finished", true)}
    </div>
  );
}

const names = computed(() => settingNames(study.value?.settings ?? []));

function SettingName({ setting }: { readonly setting: number }) {
  const name = names.value[setting];
  return name ? (
    <span class="soft pair" title={name}>
      {name}
    </span>
  ) : null;
}

export function Line({
  trial,
  quantities,
  active,
  index,
}: {
  readonly trial: Summary;
  readonly quantities: readonly Quantity[];
  readonly active: boolean;
  readonly index: number;
}) {
  const {
    id,
    label,
    family,
    seed,
    setting,
    status,
    numbers,
    health,
    collapsed,
    seconds,
    finishedAt,
    failure,
    progress,
  } = trial;
  const picked = selection.value.includes(id);
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      class={`line${active ? " active" : ""}${picked ? " picked" : ""}`}
      style={{ height: `${lineHeight}px` }}
    >
      <div role="cell">
        <input
          type="checkbox"
          aria-label={`Compare ${label}, seed ${seed}`}
          checked={picked}
          disabled={!picked && selection.value.length >= mostPicked}
          onChange={() => togglePick(id)}
        />
      </div>
      <div role="cell" class="method-cell">
        <a href={hrefOf(study.value?.name ?? "", "trial", { trial: id })}>
          <MethodName family={family} label={label} />
        </a>
        <SettingName setting={setting} />
      </div>
      <div role="cell" class="number">
        {seed}
      </div>
      <div role="cell" title={failure}>
        <StatusBadge status={status} stage={progress?.stage} />
      </div>
      {quantities.map(({ id, unit }) => (
        <div role="cell" class="number" key={id}>
          {numberText(numbers[id], unit)}
        </div>
      ))}
      <div role="cell">{collapsed ? <span class="warn">collapsed</span> : <HealthBadge health={health} />}</div>
      <div role="cell" class="number soft">
        {seconds === undefined ? "" : durationText(seconds)}
      </div>
      <div role="cell" class="number soft">
        {finishedAt ? dateText(finishedAt) : ""}
      </div>
    </div>
  );
}

export function GroupHead({ quantities }: { readonly quantities: readonly Quantity[] }) {
  return (
    <div role="row" class="line head">
      <div role="columnheader" aria-sort={sortOf("label")}>
        <SortButton id="label" label="Method" />
      </div>
      <div role="columnheader" class="number">
        Trials
      </div>
      {quantities.map((quantity) => (
        <NumberHead key={quantity.id} {...quantity} wide />
      ))}
    </div>
  );
}

export function GroupLine({
  group,
  quantities,
  active,
}: {
  readonly group: Group;
  readonly quantities: readonly Quantity[];
  readonly active: boolean;
}) {
  const [first] = group.trials;
  return (
    <div role="row" class={`line${active ? " active" : ""}`} style={{ height: `${lineHeight}px` }}>
      <div role="cell" class="method-cell">
        <a href={hrefOf(study.value?.name ?? "", "trial", { trial: first?.id })}>
          <MethodName family={group.family} label={group.label} />
        </a>
        <SettingName setting={group.setting} />
      </div>
      <div role="cell" class="number">
        {trialsText(group)}
      </div>
      {quantities.map(({ id, unit }) => {
        const mean = group.means[id];
        return (
          <div role="cell" class="number" key={id} title={mean && `the mean of ${mean.n} of ${group.trials.length}`}>
            {numberText(mean?.mean, unit)} <span class="interval">{intervalText(mean?.interval, unit)}</span>
          </div>
        );
      })}
    </div>
  );
}
