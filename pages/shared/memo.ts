/** Components that draw only what has changed. */

import { Component, type ComponentType, type VNode } from "preact";

/** A component without a state of its own, drawn anew only when one of its properties is another value. */
export function memo<Props extends object>(draw: (props: Props) => VNode | null): ComponentType<Props> {
  return class extends Component<Props> {
    override shouldComponentUpdate(next: Readonly<Props>): boolean {
      return !isSame(this.props, next);
    }

    override render(): VNode | null {
      return draw(this.props);
    }
  };
}

function isSame(a: object, b: object): boolean {
  const [before, after] = [Object.entries(a), Object.entries(b)];
  return before.length === after.length && after.every(([name, value]) => Reflect.get(a, name) === value);
}
