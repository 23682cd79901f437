import type { ReportData } from "./api.ts";
import type { PageFile } from "./page-files.ts";

/**
 * The page as one file that opens anywhere, without a server or a network: its script, its style and the study's data
 * inside. It is the same page, which finds its data in itself.
 */
export function reportHtml(page: ReadonlyMap<string, PageFile>, data: ReportData): string {
  const text = (path: string) => {
    const file = page.get(path);
    if (!file) throw new Error(`report: expected the page to have ${path}`);
    return new TextDecoder().decode(file.bytes);
  };
  const policy =
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; font-src data:";
  return text("/report/index.html")
    .replace("<title>carryover</title>", () => `<title>${escapeHtml(data.study.name)} · carryover</title>`)
    .replace("<head>", () => `<head>\n<meta http-equiv="content-security-policy" content="${policy}">`)
    .replace(
      /<link rel="stylesheet"[^>]*href="([^"]+)"[^>]*>/g,
      (_, path: string) => `<style>${withoutFonts(text(path))}</style>`,
    )
    .replace(/<link rel="(?:icon|preload|modulepreload)"[^>]*>/g, "")
    .replace(
      /<script type="module"[^>]*src="([^"]+)"[^>]*><\/script>/g,
      (_, path: string) =>
        // The data must stand before the script that reads it, and the script after the body that it fills.
        `<script type="application/json" id="report">${escapeJson(data)}</script>\n<script type="module">${escapeScript(text(path))}</script>`,
    );
}

/** Fonts are files of their own; without them the page falls back on Arial, which is as wide. */
const withoutFonts = (css: string) => css.replace(/@font-face\s*\{[^}]*\}/g, "");

/** JSON that no HTML parser can take for the end of its element. */
const escapeJson = (data: unknown) => JSON.stringify(data).replaceAll("<", "\\u003c");

const escapeScript = (code: string) => code.replace(/<\/(script)/gi, "<\\/$1").replaceAll("<!--", "<\\!--");

const escapeHtml = (text: string) =>
  text.replace(/[&<>"]/g, (letter) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[letter] ?? letter);
