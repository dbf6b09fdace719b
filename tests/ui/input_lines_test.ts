import { assertEquals } from "@std/assert";
import { inputLines, MAX_INPUT_LINE } from "../../lib/ui/input_lines.ts";

const encoder = new TextEncoder();

/** The lines of chunks of bytes. */
async function linesOf(...chunks: (string | number[])[]): Promise<string[]> {
  const stream = ReadableStream.from(
    chunks.map((chunk) => typeof chunk === "string" ? encoder.encode(chunk) : Uint8Array.from(chunk)),
  );
  return await Array.fromAsync(inputLines(stream.getReader()));
}

Deno.test("inputLines() cuts at LF and CR LF, however the bytes are split", async () => {
  assertEquals(await linesOf("lig", "ar maria\nli", "sta\r", "\n", "\n\nsair\n"), [
    "ligar maria",
    "lista",
    "",
    "",
    "sair",
  ]);
});

Deno.test("inputLines() gives a last line without its end", async () => {
  assertEquals(await linesOf("a\nsair"), ["a", "sair"]);
  assertEquals(await linesOf("a\r"), ["a"]);
  assertEquals(await linesOf(""), []);
});

Deno.test("inputLines() reads UTF-8 cut in the middle of a character, and replaces invalid bytes", async () => {
  const [first = 0, second = 0] = encoder.encode("ã");
  assertEquals(await linesOf("jo", [first], [second], "o\n", [0xff], "\n"), ["joão", "\ufffd"]);
});

Deno.test("inputLines() cuts lines that are too long", async () => {
  const chunk = "x".repeat(1000);
  const lines = await linesOf(...Array(100).fill(chunk), "\nsair\n");
  assertEquals(lines, ["x".repeat(MAX_INPUT_LINE), "sair"]);
});

Deno.test("inputLines() ends when the reader is cancelled or the stream fails", async () => {
  const reader = new ReadableStream<Uint8Array>().getReader();
  const lines = Array.fromAsync(inputLines(reader));
  await reader.cancel();
  assertEquals(await lines, []);
  const failing = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.error(new Error("gone")),
  });
  assertEquals(await Array.fromAsync(inputLines(failing.getReader())), []);
});
