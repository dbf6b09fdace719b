/** Reads lines from a standard input that is no terminal. */

/** Longest line in UTF-16 units; the rest of a longer one is thrown away. */
export const MAX_INPUT_LINE = 4096;

/**
 * The lines of a UTF-8 stream, ended by LF or CR LF; the last one may have no end. Invalid UTF-8 becomes U+FFFD.
 *
 * @param reader Of the stream; cancelling it ends the lines.
 */
export async function* inputLines(
  reader: ReadableStreamDefaultReader<Uint8Array>,
): AsyncGenerator<string, void, void> {
  const decoder = new TextDecoder();
  let unfinished = "";
  for (;;) {
    // A failure counts as the end.
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
