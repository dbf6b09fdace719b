/** Notifications of the browser about calls, for those who look at something else. */

/** Whether the browser could show some, and has not been asked yet. */
export function mayAsk(): boolean {
  return "Notification" in globalThis && Notification.permission === "default";
}

/** Tells of a call. @returns What takes it away. */
export function notify(text: string): () => void {
  if (!("Notification" in globalThis) || Notification.permission !== "granted") return () => {};
  try {
    const notification = new Notification("Sala", { body: text, tag: "sala", requireInteraction: true });
    notification.addEventListener("click", () => {
      focus();
      notification.close();
    });
    return () => notification.close();
  } catch {
    // Android has them for service workers only (Notifications API, section 2.5).
    return () => {};
  }
}
