import { useEffect, useRef, useState } from "preact/hooks";
import { trialsCsv } from "../data/exports.ts";
import { plural } from "../data/format.ts";
import { go, hrefOf, param, setQuery } from "../state/route.ts";
import { filter, grouped, shownGroups, shownTrials } from "../state/runs.ts";
import { mostPicked, selection, togglePick } from "../state/selection.ts";
import { saveFile } from "../state/server.ts";
import { shownQuantities, study, trials } from "../state/study.ts";
import { Empty } from "../ui/empty.tsx";
import { Icon } from "../ui/icons.tsx";
import { VirtualList } from "../ui/virtual-list.tsx";
import { FilterBox } from "./filter-box.tsx";
import { GroupHead, GroupLine, Head, Line, lineHeight } from "./run-lines.tsx";

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
    ? `minmax(104px, 1fr) 52px ${widths(146, 146)}`
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
