/** The panel's page: the room on the wall. */

import { render } from "preact";

function Panel() {
  return <main>Sala</main>;
}

render(<Panel />, document.body);
