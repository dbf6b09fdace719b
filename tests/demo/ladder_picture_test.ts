import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { drawLadder, messagesOf } from "../../demo/ladder_picture.ts";
import { jsonLines } from "../../lib/trace/json_lines.ts";
import { LADDER_TEXTS } from "../../pages/shared/ladder_texts.ts";
import { LADDER, ladderMessage, MARIA } from "../trace/samples.ts";

const STYLES = await Deno.readTextFile(new URL("../../pages/shared/base.css", import.meta.url));
const draw = (messages: Parameters<typeof drawLadder>[0]) => drawLadder(messages, LADDER_TEXTS.pt, STYLES);

/** The texts of a picture, from top to bottom, without times. */
function textsOf(picture: string): string[] {
  return [...picture.matchAll(/<text[^>]*>(.*?)<\/text>/g)].map(([, text = ""]) =>
    text.replaceAll(/<[^>]*>/g, "")
  )
    .filter((text) => !/^\d\d:\d\d:\d\d\.\d{3}$/.test(text));
}

Deno.test("an export in JSON Lines gives the messages that it was made of", () => {
  assertEquals(messagesOf(jsonLines(LADDER)), LADDER);
  const odd = [ladderMessage(1, { text: "no JSON", at: 5 })];
  assertEquals(messagesOf(jsonLines(odd)), odd);
  assertEquals(messagesOf(""), []);
});

Deno.test("the ladder's picture has a lifeline for each party, an arrow for each message, and marks what was lost", () => {
  const picture = draw(LADDER);
  assertEquals(textsOf(picture), [
    ...["registro", "maria", "joão; end"],
    ...["registro", "registro_confirmado", "convite perdida", "convite 2ª vez", "resposta_ao_convite"],
  ]);
  // One cross, and a tip for all others; TCP is dotted, the second transmission dashed.
  assertEquals(picture.match(/l16 16m0 -16l-16 16/g)?.length, 1);
  assertEquals(picture.match(/V\d+Z"/g)?.length, 4);
  assertEquals(picture.match(/stroke-dasharray="2 5"/g)?.length, 2);
  assertEquals(picture.match(/stroke-dasharray="12 6"/g)?.length, 1);
});

Deno.test("arrows begin and end at the lifelines of their parties", () => {
  const picture = draw(LADDER);
  const lifelines = [...picture.matchAll(/<path d="M(\d+) 24V/g)].map(([, x]) => Number(x));
  const starts = [...picture.matchAll(/<circle cx="(\d+)"/g)].map(([, x]) => Number(x));
  const tips = [...picture.matchAll(/<path d="M(\d+) \d+L/g)].map(([, x]) => Number(x));
  const [registry = 0, maria = 0, joao = 0] = lifelines;
  assertEquals(lifelines.length, 3);
  assert(registry < maria && maria < joao);
  assertEquals(starts, [maria, registry, maria, maria, joao]);
  assertEquals(tips, [registry + 4, maria - 4, joao - 4, maria + 4]);
});

Deno.test("names and messages of ill will are text in the picture", () => {
  const picture = draw([
    ladderMessage(1, { from: { ...MARIA, name: '<b>"&' }, type: "<script>a\u202eb</script>", text: "{}" }),
  ]);
  assertStringIncludes(picture, "&lt;b&gt;&quot;&amp;");
  assertStringIncludes(picture, "&lt;script&gt;a\\u{202e}b&lt;/script&gt;");
  assert(!/<script|<b>|\u202e/.test(picture));
});

Deno.test("a ladder without messages is a picture, too", () => {
  assertStringIncludes(draw([]), "</svg>");
});
