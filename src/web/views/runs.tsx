import { useEffect, useRef, useState } from "preact/hooks";
import type { Quantity, Summary } from "../../server/api.ts";
import { trialsCsv } from "../data/exports.ts";
import { dateText, durationText, intervalText, numberText, plural, unitText } from "../data/format.ts";
import type { Group } from "../data/groups.ts";
import { go, hrefOf, param, setQuery } from "../state/route.ts";
import { filter, grouped, shownGroups, shownTrials, sorting } from "../state/runs.ts";
import { mostPicked, selection, togglePick } from "../state/selection.ts";
import { saveFile } from "../state/server.ts";
import { shownQuantities, study, trials } from "../state/study.ts";
import { HealthBadge, StatusBadge } from "../ui/badge.tsx";
import { Empty } from "../ui/empty.tsx";
import { Icon } from "../ui/icons.tsx";
import { MethodName } from "../ui/symbol.tsx";
import { Term } from "../ui/term.tsx";
import { VirtualList } from "../ui/virtual-list.tsx";
import { FilterBox } from "./filter-box.tsx";

const lineHeight = 38;
const columns = ["source", "robust", "target", "dt", "tau"];

/** Every trial of the study: filter, sort, group, pick some and compare them. */
export function RunsView() {
  const quantities = shownQuantities.value.filter(({ id }) => columns.includes(id));
  const [active, setActive] = useState(-1);
  const frame = useRef<HTMLDivElement>(null);
  const byMethod = grouped.value;
  const count = byMethod ? shownGroups.value.length : shownTrials.value.length;
  const name = study.value?.name ?? "";
  useEffect(() => setActive(-1), [byMethod, filter.value]);

  const onKeyDown = (event: KeyboardEvent) => {
    if ((event.target as HTMLElement).closest("input, select, .menu")) return;
    const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: 15, PageUp: -15 }[event.key];
    const trial = byMethod ? shownGroups.value[active]?.trials[0] : shownTrials.value[active];
    if (step !== undefined) {
      event.preventDefault();
      setActive(Math.max(0, Math.min(count - 1, active + step)));
    } else if (event.key === "x" && trial && !byMethod) togglePick(trial.id);
    else if (event.key === "Enter" && trial && !(event.target as HTMLElement).closest("a, button"))
      go(hrefOf(name, "trial", { trial: trial.id }));
    else if (event.key === "Escape" && active >= 0) setActive(-1);
  };
  useEffect(() => {
    if (document.activeElement?.id !== "filter") frame.current?.focus({ preventScroll: true });
  }, []);

  const widths = (first: number, others: number) =>
    quantities.map((_, i) => `minmax(${i === 0 ? first : others}px, 1fr)`).join(" ");
  const template = byMethod
    ? `minmax(104px, 1fr) 44px ${widths(146, 146)}`
    : `18px minmax(112px, 1.5fr) 38px 84px ${widths(94, 72)} 72px 48px 92px`;

  return (
    <div class="runs-view" ref={frame} tabIndex={-1} onKeyDown={onKeyDown} style={{ "--columns": template }}>
      <div class="toolbar">
        <FilterBox />
        <label class="check">
          <input
            type="checkbox"
            checked={byMethod}
            onChange={(event) =>
              setQuery({ group: event.currentTarget.checked ? "method" : undefined, sort: undefined })
            }
          />
          Group seeds
        </label>
        <button
          type="button"
          onClick={() =>
            saveFile(
              `${name}-runs.csv`,
              trialsCsv(shownTrials.value, shownQuantities.value, study.value?.settings ?? []),
              "text/csv",
            )
          }
        >
          <Icon name="download" /> CSV
        </button>
      </div>
      <p class="count" aria-live="polite">
        {shownTrials.value.length === trials.value.length
          ? plural(trials.value.length, "trial")
          : `${shownTrials.value.length.toLocaleString("en")} of ${plural(trials.value.length, "trial")}`}
        {byMethod && `, ${plural(count, "group")}`}
      </p>
      {count === 0 ? (
        <Empty title="No trial fits this filter">
          <button type="button" class="link" onClick={() => setQuery({ filter: undefined })}>
            Clear the filter
          </button>
        </Empty>
      ) : (
        <VirtualList
          count={count}
          lineHeight={lineHeight}
          active={active}
          label="Trials"
          head={byMethod ? <GroupHead quantities={quantities} /> : <Head quantities={quantities} />}
          line={(index) => {
            const [trial, group] = [shownTrials.value[index], shownGroups.value[index]];
            if (byMethod)
              return (
                group && <GroupLine key={group.key} group={group} quantities={quantities} active={index === active} />
              );
            return (
              trial && (
                <Line key={trial.id} trial={trial} quantities={quantities} active={index === active} index={index} />
              )
            );
          }}
        />
      )}
      {selection.value.length > 0 && <PickBar />}
    </div>
  );
}

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

function Head({ quantities }: { readonly quantities: readonly Quantity[] }) {
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

function Line({
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
  const settings = study.value?.settings ?? [];
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
        {settings.length > 1 && <span class="soft pair">{settings[setting]?.title}</span>}
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

function GroupHead({ quantities }: { readonly quantities: readonly Quantity[] }) {
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

function GroupLine({
  group,
  quantities,
  active,
}: {
  readonly group: Group;
  readonly quantities: readonly Quantity[];
  readonly active: boolean;
}) {
  const settings = study.value?.settings ?? [];
  const [first] = group.trials;
  return (
    <div role="row" class={`line${active ? " active" : ""}`} style={{ height: `${lineHeight}px` }}>
      <div role="cell" class="method-cell">
        <a href={hrefOf(study.value?.name ?? "", "trial", { trial: first?.id })}>
          <MethodName family={group.family} label={group.label} />
        </a>
        {settings.length > 1 && <span class="soft pair">{settings[group.setting]?.title}</span>}
      </div>
      <div role="cell" class="number">
        {group.trials.length}
      </div>
      {quantities.map(({ id, unit }) => {
        const mean = group.means[id];
        return (
          <div role="cell" class="number" key={id}>
            {numberText(mean?.mean, unit)} <span class="interval">{intervalText(mean?.interval, unit)}</span>
          </div>
        );
      })}
    </div>
  );
}

/** What is picked, and what can be done with it. */
function PickBar() {
  const name = study.value?.name ?? "";
  const picked = selection.value;
  const query = new URLSearchParams({ pick: picked.join(",") });
  return (
    <div class="pick-bar" role="region" aria-label="Picked trials">
      <span>{plural(picked.length, "trial")} picked</span>
      {picked.length < 2 ? (
        <span class="soft">pick another one to compare</span>
      ) : (
        <a class="button primary" href={hrefOf(name, "compare", { query })}>
          <Icon name="compare" /> Compare
        </a>
      )}
      <button type="button" class="quiet" onClick={() => setQuery({ pick: undefined })}>
        Clear
      </button>
      {param("pick") && picked.length >= mostPicked && <span class="soft">{mostPicked} at most</span>}
    </div>
  );
}
