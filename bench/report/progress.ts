/** Prints a line of progress with the time since the program's start, `m:ss`. */
export function progress(text: string): void {
  const seconds = Math.round(performance.now() / 1000);
  console.log(`${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}  ${text}`);
}
