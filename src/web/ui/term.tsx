import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { quantityById } from "../state/study.ts";

/** A word that explains itself when it is pointed at, tapped or reached by keyboard: a sentence and a formula. */
export function Explained({
  sentence,
  formula,
  children,
}: {
  readonly sentence: string;
  readonly formula?: string;
  readonly children: ComponentChildren;
}) {
  const id = useId();
  const anchor = useRef<HTMLSpanElement>(null);
  const [place, setPlace] = useState<{ left: number; top: number } | undefined>(undefined);
  const show = () => {
    const box = anchor.current?.getBoundingClientRect();
    if (!box) return;
    const width = 300;
    const left = Math.max(8, Math.min(box.left, innerWidth - width - 8));
    const below = box.bottom + 160 < innerHeight;
    setPlace({ left, top: below ? box.bottom + 6 : box.top - 6 });
  };
  const hide = () => setPlace(undefined);
  const isShown = place !== undefined;
  // As soon as it is shown or gone, since a second Esc is not for it.
  useLayoutEffect(() => {
    if (!isShown) return;
    // Before anyone else hears of it: Esc closes this, and nothing more, also where it is shown by pointing.
    const onEscape = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      hide();
    };
    addEventListener("keydown", onEscape, { capture: true });
    return () => removeEventListener("keydown", onEscape, { capture: true });
  }, [isShown]);
  const above =
    place !== undefined && anchor.current !== null && place.top < anchor.current.getBoundingClientRect().top;
  return (
    <span
      ref={anchor}
      class="explained"
      tabIndex={0}
      role="note"
      aria-describedby={place ? id : undefined}
      onMouseEnter={show}
      onMouseLeave={hide}
      onFocus={show}
      onBlur={hide}
    >
      {children}
      {place && (
        <span
          id={id}
          role="tooltip"
          class={`tooltip${above ? " above" : ""}`}
          style={{ left: `${place.left}px`, top: `${place.top}px` }}
        >
          {sentence}
          {formula && <span class="formula">{formula}</span>}
        </span>
      )}
    </span>
  );
}

/** A quantity's name with its explanation. */
export function Term({ id, children }: { readonly id: string; readonly children?: ComponentChildren }) {
  const quantity = quantityById.value.get(id);
  if (!quantity) return <span>{children ?? id}</span>;
  return (
    <Explained sentence={quantity.sentence} formula={quantity.formula}>
      {children ?? quantity.label}
    </Explained>
  );
}
