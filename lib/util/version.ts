/** Sala's version: `--version`, `versao` in `registro`. Raised with each release; the only place that holds it. */
export const VERSION = "1.0.0";
