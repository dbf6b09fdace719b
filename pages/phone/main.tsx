/** The phone's page. */

import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { PageEvent, PageMessage, Welcome } from "../../lib/web_phone/page_messages.ts";
import { Line, type LineState, takeToken } from "./link/line.ts";
import { PageSound } from "./link/sound.ts";

/** What the page shows. */
interface View {
  readonly state: LineState;
  readonly welcome?: Welcome;
  readonly events: readonly PageEvent[];
}

let view: View = { state: "connecting", events: [] };
let shown = (_: View): void => {};

function change(part: Partial<View>): void {
  view = { ...view, ...part };
  shown(view);
}

const token = takeToken();
const line = token === undefined
  ? undefined
  : new Line(token, { message: take, state: (state) => change({ state }) });
const sound = token === undefined ? undefined : new PageSound(token, (request) => line?.send(request));

function take(message: PageMessage): void {
  if (message.type === "welcome") {
    change({ welcome: message, events: message.history });
    sound?.follow(message.page, message.sound);
  } else if (message.type === "event") change({ events: [...view.events, message] });
  else if (view.welcome) {
    if (message.type === "sound") sound?.follow(view.welcome.page, message.sound);
    const { type: _, ...rest } = message;
    change({ welcome: { ...view.welcome, ...rest } });
  }
}

function Phone() {
  const [{ state, welcome, events }, set] = useState(view);
  const [typed, type] = useState("");
  useEffect(() => void (shown = set), []);
  if (token === undefined) return <main>Sala</main>;
  return (
    <main>
      <h1>{welcome?.name}</h1>
      <p id="state">{state}</p>
      <p id="sound">{welcome?.sound.holder}</p>
      <ul id="people">{welcome?.people?.map(({ name }) => <li key={name}>{name}</li>)}</ul>
      <pre id="status">{JSON.stringify(welcome?.status)}</pre>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          line?.send({ type: "line", line: typed });
          type("");
        }}
      >
        <input
          aria-label="comando"
          value={typed}
          onInput={({ currentTarget }) => type(currentTarget.value)}
        />
      </form>
      <ol id="events">{events.map(({ number, text }) => text && <li key={number}>{text}</li>)}</ol>
    </main>
  );
}

render(<Phone />, document.body);
