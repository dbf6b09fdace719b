/** The common style of pictures in SVG, which need no fonts or files of their own. */

/** Legible on {@linkcode SVG_BACKGROUND}, in the order of use. The project's own phone has the first. */
export const SVG_COLOURS = ["#0f766e", "#b45309", "#4338ca", "#be185d", "#4d7c0f", "#0369a1", "#7c2d12"];
export const SVG_BACKGROUND = "#fbfbf9";
export const SVG_GRID = "#d9d9d2";
export const SVG_TEXT = "#33332f";
export const SVG_FONT = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif";

/** Rounds to a tenth: of a pixel, of a second. */
export function tenth(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Escapes text for elements and attributes of XML. */
export function escapeXml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    // deno-lint-ignore no-control-regex -- XML 1.0 has no way to write these, not even escaped.
    .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd");
}
