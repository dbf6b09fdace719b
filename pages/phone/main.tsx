/** The phone's page. */

import { render } from "preact";

function Phone() {
  return <main>Sala</main>;
}

render(<Phone />, document.body);
