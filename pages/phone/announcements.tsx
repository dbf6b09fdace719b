/** What screen readers say although nobody looks there: what has just happened, and at once that somebody calls. */

import type { VNode } from "preact";
import type { PageEvent } from "../../lib/web_phone/page_messages.ts";

export function Announcements(
  { said, alert }: { said: readonly PageEvent[]; alert: string | undefined },
): VNode {
  return (
    <div class="unseen">
      <div role="log" aria-live="polite" aria-relevant="additions">
        {said.map(({ number, text }) => <p key={number}>{text}</p>)}
      </div>
      <div role="alert">{alert}</div>
    </div>
  );
}
