import { signal } from "@preact/signals";
import { useState } from "preact/hooks";
import { studyExports } from "../data/exports.ts";
import { go, hrefOf } from "../state/route.ts";
import { currentStudy, hello, shownQuantities, trials } from "../state/study.ts";
import { toggleTheme } from "../state/theme.ts";
import { Dialog } from "./dialog.tsx";

export const paletteOpen = signal(false);
export const helpOpen = signal(false);

interface Command {
  readonly title: string;
  readonly hint: string;
  /** Where it takes time, it may fail. */
  readonly run: () => void | Promise<void>;
}

/** Everything that can be done from here, by name; trials as soon as something is typed. */
function commands(): Command[] {
  const name = currentStudy.value;
  const view = (title: string, hint: string, href: string) => ({ title, hint, run: () => go(href) });
  return [
    ...(name
      ? [
          view("Study: the figure", "g s", hrefOf(name, "study")),
          view("Strength response", "", hrefOf(name, "study", { query: new URLSearchParams({ tab: "strength" }) })),
          view("Runs: every trial", "g r", hrefOf(name, "runs")),
          view(
            "Runs that failed",
            "",
            hrefOf(name, "runs", { query: new URLSearchParams({ filter: "status:failed" }) }),
          ),
          view("Queue: workers", "g q", hrefOf(name, "queue")),
          ...studyExports(name).flatMap(({ items }) =>
            items.map(({ label, detail, run }) => ({
              title: `Save: ${label} (${detail})`,
              hint: "",
              run,
            })),
          ),
          ...shownQuantities.value.map(({ id, label }) =>
            view(`Figure over ${label}`, "x axis", hrefOf(name, "study", { query: new URLSearchParams({ x: id }) })),
          ),
        ]
      : []),
    ...(hello.value?.studies ?? []).map((study) => view(`Open study ${study.name}`, "", hrefOf(study.name, "study"))),
    { title: "Dark or light", hint: "t", run: toggleTheme },
    {
      title: "Keyboard shortcuts",
      hint: "?",
      run: () => {
        helpOpen.value = true;
      },
    },
  ];
}

function found(text: string): Command[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (title: string) => words.every((word) => title.toLowerCase().includes(word));
  const actions = commands().filter(({ title }) => fits(title));
  if (words.length === 0) return actions;
  const name = currentStudy.value ?? "";
  const opened = trials.value
    .filter(({ label, seed, id }) => fits(`${label} seed ${seed} ${id}`))
    .slice(0, 20)
    .map(({ id, label, seed }) => ({
      title: `${label}, seed ${seed}`,
      hint: id,
      run: () => go(hrefOf(name, "trial", { trial: id })),
    }));
  return [...actions.slice(0, 12), ...opened];
}

export function Palette() {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const [said, setSaid] = useState<{ readonly problem?: string } | undefined>(undefined);
  const list = found(text);
  const close = () => {
    paletteOpen.value = false;
  };
  const choose = async (command: Command | undefined) => {
    if (!command) return;
    const running = command.run();
    if (!running) return close();
    setSaid({});
    try {
      await running;
      close();
    } catch (error) {
      setSaid({ problem: error instanceof Error ? error.message : String(error) });
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined && list.length > 0) {
      event.preventDefault();
      setAt((at + step + list.length) % list.length);
    } else if (event.key === "Enter") {
      event.preventDefault();
      void choose(list[at]);
    }
  };
  return (
    <Dialog label="Commands" close={close}>
      <div class="palette" onKeyDown={onKeyDown}>
        <input
          type="text"
          role="combobox"
          aria-expanded="true"
          aria-controls="palette-list"
          aria-activedescendant={`command-${at}`}
          placeholder="Go to, save, or find a trial"
          aria-label="Command or trial"
          value={text}
          onInput={(event) => {
            setText(event.currentTarget.value);
            setAt(0);
            setSaid(undefined);
          }}
        />
        {said && (
          <p class={said.problem ? "problem" : "soft"} role={said.problem ? "alert" : "status"}>
            {said.problem ?? "Working on it…"}
          </p>
        )}
        <div id="palette-list" role="listbox" aria-label="Commands">
          {list.map((command, i) => (
            <button
              type="button"
              role="option"
              id={`command-${i}`}
              key={`${command.title} ${command.hint}`}
              aria-selected={i === at}
              tabIndex={-1}
              ref={(element) => {
                if (i === at) element?.scrollIntoView({ block: "nearest" });
              }}
              onClick={() => void choose(command)}
              onMouseMove={() => setAt(i)}
            >
              <span>{command.title}</span>
              <kbd>{command.hint}</kbd>
            </button>
          ))}
          {list.length === 0 && <p class="soft">Nothing is called so.</p>}
        </div>
      </div>
    </Dialog>
  );
}
