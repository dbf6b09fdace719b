/** Closes something that may be closed already, such as a connection. */
export function closeQuietly(thing: { close(): void }): void {
  try {
    thing.close();
  } catch {
    // Closed already.
  }
}
