/** Standard input that is no terminal, a line at a time. */

/** Longest line in UTF-16 units; commands and names are far shorter, and what is beyond it is thrown away. */
export const MAX_INPUT_LINE = 4096;

/**
 * The lines of a stream of UTF-8, which end in LF or CR LF, the last one perhaps in neither. What is not UTF-8
 * becomes U+FFFD.
 *
 * @param reader Of the stream; whoever cancels it ends the lines.
 */
export async function* inputLines(
  reader: ReadableStreamDefaultReader<Uint8Array>,
): AsyncGenerator<string, void, void> {
  const decoder = new TextDecoder();
  let unfinished = "";
  for (;;) {
    // A terminal or pipe that fails is as good as one that has ended.
    const { value, done } = await reader.read().catch(() => ({ value: undefined, done: true }));
    const pieces = decoder.decode(value, { stream: !done }).split("\n");
    for (const [index, piece] of pieces.entries()) {
      unfinished = (unfinished + piece).slice(0, MAX_INPUT_LINE);
      const ended = index < pieces.length - 1;
      if (!ended) break;
      yield unfinished.replace(/\r$/, "");
      unfinished = "";
    }
    if (done) break;
  }
  if (unfinished !== "") yield unfinished.replace(/\r$/, "");
}
