import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

/** A modal of the browser's own: it keeps the focus, Esc closes it, and the focus goes back to where it was. */
export function Dialog({
  label,
  close,
  children,
  narrow = false,
}: {
  readonly label: string;
  readonly close: () => void;
  readonly children: ComponentChildren;
  readonly narrow?: boolean;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  // At once: what is typed next is meant for it.
  useLayoutEffect(() => dialog.current?.showModal(), []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Esc is the browser's own
    <dialog
      ref={dialog}
      class={narrow ? "narrow" : ""}
      aria-label={label}
      onClose={close}
      onClick={(event) => event.target === dialog.current && close()}
    >
      {children}
    </dialog>
  );
}
