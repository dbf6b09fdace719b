/** The page's files, which are in the program: nothing is read from the disk. Loaded only with `--web`. */

/** A file of the page. */
export interface PageFile {
  readonly type: string;
  readonly text: string;
}

const SCRIPT = "text/javascript; charset=utf-8";

/** The files by their paths. */
export async function loadPageFiles(): Promise<ReadonlyMap<string, PageFile>> {
  const [page, style, script, sound, worklet] = await Promise.all([
    import("../../pages/phone/index.html", { with: { type: "text" } }),
    import("../../pages/built/phone.css", { with: { type: "text" } }),
    import("../../pages/built/phone.js", { with: { type: "text" } }),
    import("../../pages/built/phone_sound.js", { with: { type: "text" } }),
    import("../../pages/built/phone_worklet.js", { with: { type: "text" } }),
  ]);
  return new Map<string, PageFile>([
    ["/", { type: "text/html; charset=utf-8", text: page.default }],
    ["/phone.css", { type: "text/css; charset=utf-8", text: style.default }],
    ["/phone.js", { type: SCRIPT, text: script.default }],
    ["/phone_sound.js", { type: SCRIPT, text: sound.default }],
    ["/phone_worklet.js", { type: SCRIPT, text: worklet.default }],
  ]);
}
