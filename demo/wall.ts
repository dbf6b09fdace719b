/** The room on the wall during the story, and what it leaves. */

import type { Language } from "../lib/ui/texts/language.ts";
import { LADDER_TEXTS } from "../pages/shared/ladder_texts.ts";
import { until } from "../testing/until.ts";
import { drawLadder, messagesOf } from "./ladder_picture.ts";

const STYLES = new URL("../pages/shared/base.css", import.meta.url);

/** An export of the panel. */
async function exported(url: string, name: string): Promise<string> {
  const response = await fetch(`${url}${name}`);
  if (!response.ok) throw new Error(`${url}${name}: ${response.status}`);
  return await response.text();
}

/**
 * Waits until the panel shows that everybody has left, and writes its ladder: as a picture and as a diagram for reports.
 *
 * @param leaves How many phones leave.
 * @param paths Of the picture and of the diagram.
 */
export async function keepLadder(
  url: string,
  leaves: number,
  language: Language,
  [picture, diagram]: readonly [string, string],
): Promise<void> {
  let lines = "";
  await until("the panel shows that everybody has left", async () => {
    lines = await exported(url, "export.jsonl");
    return lines.split('"type":"fechamento_confirmado"').length > leaves;
  });
  const styles = await Deno.readTextFile(STYLES);
  await Deno.writeTextFile(picture, drawLadder(messagesOf(lines), LADDER_TEXTS[language], styles));
  await Deno.writeTextFile(diagram, await exported(url, "export.mmd"));
}
